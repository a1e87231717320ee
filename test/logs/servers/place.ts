import { existsSync, mkdtempSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A new folder for servers whose data need not outlive the tests: in memory where there is room, because they wait for the disk
 * after every batch. Its path is short: that of a socket has 107 octets at most.
 */
export function newFolder(name: string): string {
  const memory = '/dev/shm'
  const hasRoom = existsSync(memory) && statfsSync(memory).bavail * statfsSync(memory).bsize > 2 ** 30
  return mkdtempSync(join(hasRoom ? memory : tmpdir(), `ct-stream-${name}-`))
}
