import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Transport } from '../../../src/http/transport.js'
import { type ListFiles, WatchedLists } from '../../../src/modules/watched-lists.js'

const signal = new AbortController().signal

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'ct-stream-lists-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}

/** Lists in a folder and at `https://lists.example/`; an error instead of content is that of the server. */
function listing(files: ListFiles, served: Map<string, string | Error> = new Map()) {
  const kept = new Map<string, Uint8Array>()
  const messages: string[] = []
  const say = (message: string) => void messages.push(message)
  const get: Transport['get'] = async (url) => {
    const content = served.get(String(url)) ?? new Error('nothing here')
    if (content instanceof Error) throw content
    return { status: 200, headers: {}, body: Buffer.from(content) }
  }
  const make = () =>
    new WatchedLists({
      rules: {},
      files,
      log: { debug() {}, info: say, warn: say, error: say },
      transport: async () => ({ get }) as Transport,
      keepsake: { before: kept, keep: (key, bytes) => void kept.set(key, bytes) },
    })
  return { lists: make(), make, messages, served }
}

describe('WatchedLists', () => {
  it('keeps all lists for the next thread, also those that an earlier attempt to begin has read', async () => {
    const own = join(folder(), 'own.txt')
    writeFileSync(own, 'example.com\n')
    const url = 'https://lists.example/words.txt'
    const { lists, make, served } = listing({ own: [own], words: [url] })
    await expect(lists.open(signal)).rejects.toThrow('nothing here')
    served.set(url, 'pay*\n')
    await lists.open(signal)
    const next = make()
    expect(next.openKept()).toBe(true)
    expect(next.watchlist.match('www.example.com')).toHaveLength(1)
  })
})
