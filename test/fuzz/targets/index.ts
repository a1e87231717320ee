import type { Target } from '../target.js'
import { entryTarget } from './entry.js'
import { filterTarget } from './filter.js'
import { getEntriesTarget } from './get-entries.js'
import { logListTarget } from './log-list.js'
import { precertificateTarget } from './precertificate.js'
import { dataTileTarget, getSthTarget, noteTarget, proofTarget, sctListTarget } from './wire.js'

export const targets: readonly Target[] = [
  entryTarget,
  filterTarget,
  precertificateTarget,
  getEntriesTarget,
  dataTileTarget,
  getSthTarget,
  proofTarget,
  noteTarget,
  sctListTarget,
  logListTarget,
]
