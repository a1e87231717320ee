import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'

/** A disk of a server's data that a test fills. */
export interface SmallDisk {
  /** Takes all the room that is left. */
  fill(): void
  /** Gives it back. */
  empty(): void
}

/** Makes the folder `data` of a server a disk of its own, until the test has finished. Linux, as root. */
export function smallDisk(serverFolder: string, mib: number, options = ''): SmallDisk {
  const data = join(serverFolder, 'data')
  const ballast = join(data, 'ballast')
  mkdirSync(data)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m${options}`, 'tmpfs', data])
  onTestFinished(() => {
    execFileSync('umount', ['-l', data])
  })
  return {
    fill() {
      try {
        writeFileSync(ballast, Buffer.alloc(mib * 2 ** 20))
      } catch (error) {
        expect(error).toMatchObject({ code: 'ENOSPC' })
      }
    },
    empty: () => rmSync(ballast),
  }
}
