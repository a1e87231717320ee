import { beforeEach, describe, expect, it } from 'vitest'
import type { Session } from '../../../src/postgres/connection.js'
import { IssuerWriter } from '../../../src/postgres/issuer-writer.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import { steppingClock } from '../../support/fast-clock.js'
import { backfill, logOf } from '../../support/logs.js'

const HOUR_MS = 3_600_000

describe('IssuerWriter', () => {
  const clock = steppingClock()
  let page: CtCertificate[]
  let writer: IssuerWriter
  /** What the next statement deletes. */
  let deletes: string[]
  /** Fingerprints of each statement. */
  let written: string[][]
  const session: Session = {
    async query<Row extends object>(_text: string, values?: readonly unknown[]) {
      if (values !== undefined) written.push([...(values[0] as string[])].sort())
      return (values === undefined
        ? deletes.splice(0).map((fingerprint) => ({ fingerprint }))
        : []) as object[] as Row[]
    },
  }
  const write = () => writer.write(session, page)
  beforeEach(async () => {
    page = []
    for await (const certificate of backfill(await logOf(20))) page.push(certificate)
    writer = new IssuerWriter(clock)
    deletes = []
    written = []
  })

  it('writes each issuer once', async () => {
    await write()
    await write()
    expect(written).toHaveLength(1)
    expect(written[0]?.length).toBeGreaterThan(1)
  })

  it('writes all again within an hour, as others may have deleted them', async () => {
    await write()
    await clock.sleep(HOUR_MS - 1)
    await write()
    expect(written).toHaveLength(1)
    await clock.sleep(1)
    await write()
    expect(written).toEqual([written[0], written[0]])
  })

  it('writes all again when it is told to forget them', async () => {
    await write()
    writer.forget()
    await write()
    expect(written).toEqual([written[0], written[0]])
  })

  it('writes again what was deleted for want of room', async () => {
    await write()
    writer.forget()
    const [gone = ''] = written[0] ?? []
    deletes = [gone]
    await write()
    await write()
    expect(written.slice(2)).toEqual([[gone]])
  })
})
