import type { LogInfo } from '../types/log.js'
import { cutText, harmless } from '../util/harmless.js'

const MAX_LENGTH = 120

/**
 * Names of logs for labels: as in the log list, in harmless characters. The lists bound their number, since no name comes from a
 * certificate. Of two logs with the same name, the later one gets its URL added.
 */
export class LogNames {
  private readonly names = new Map<string, { readonly log: string; readonly operator: string }>()
  private readonly taken = new Set<string>()

  labelsOf({ id, description, operator, url }: LogInfo): { readonly log: string; readonly operator: string } {
    const known = this.names.get(id)
    if (known !== undefined) return known
    const plain = text(description)
    const log = this.taken.has(plain) ? text(`${description} ${url}`) : plain
    const labels = { log, operator: text(operator) }
    this.taken.add(log)
    this.names.set(id, labels)
    return labels
  }
}

const text = (given: string): string => cutText(harmless(given), MAX_LENGTH)
