import { describe, expect, it } from 'vitest'
import type { PostgresConnection } from '../../../src/postgres/connection.js'
import { PostgresStore } from '../../../src/postgres/store.js'

const cut = new Error('the connection was cut')

/** A store over a database that answers with no rows. */
function storeWith({ acquire = async () => {}, run = async () => [] as unknown }) {
  const calls: string[] = []
  const store = new PostgresStore({
    connection: { run } as unknown as PostgresConnection,
    lease: () => ({ unit: '', epoch: 1, until: 0 }),
    acquire: async () => {
      calls.push('acquire')
      await acquire()
    },
    onClose: async () => {
      calls.push('close')
    },
  })
  return { store, calls }
}

function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open() }
}

describe('a store in Postgres', () => {
  it('releases its lease when reading the positions fails, and can be opened again', async () => {
    let fails = true
    const { store, calls } = storeWith({
      run: async () => {
        if (fails) throw cut
        return []
      },
    })
    await expect(store.open()).rejects.toBe(cut)
    expect(calls).toEqual(['acquire', 'close'])
    fails = false
    await store.open()
    await store.close()
    expect(calls).toEqual(['acquire', 'close', 'acquire', 'close'])
  })

  it('disconnects when it gets no lease, and can be opened again', async () => {
    let fails = true
    const { store, calls } = storeWith({
      acquire: async () => {
        if (fails) throw cut
      },
    })
    await expect(store.open()).rejects.toBe(cut)
    expect(calls).toEqual(['acquire', 'close'])
    fails = false
    await store.open()
  })

  it('refuses a second stream also while it waits for its lease', async () => {
    const lease = gate()
    const { store, calls } = storeWith({ acquire: () => lease.opened })
    const opened = store.open()
    await expect(store.open()).rejects.toMatchObject({ code: 'CT_CHECKPOINT_CONFLICT' })
    lease.open()
    await opened
    expect(calls).toEqual(['acquire'])
  })

  it('releases its lease when it is closed while it waits for it', async () => {
    const lease = gate()
    const { store, calls } = storeWith({ acquire: () => lease.opened })
    const opened = store.open()
    await store.close()
    lease.open()
    await expect(opened).rejects.toMatchObject({ code: 'CT_CLOSED' })
    expect(calls.at(-1)).toBe('close')
  })
})
