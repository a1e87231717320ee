import { describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import type { GetOptions, Transport } from '../../../src/http/transport.js'
import { HashTiles } from '../../../src/logs/hash-tiles.js'
import { LogHttp } from '../../../src/logs/log-http.js'
import { verifyConsistency } from '../../../src/merkle/consistency.js'
import { verifyInclusion } from '../../../src/merkle/inclusion.js'
import {
  consistencyProofFromNodes,
  frontierFromNodes,
  inclusionProofFromNodes,
  tilesForConsistency,
  tilesForFrontier,
  tilesForInclusion,
} from '../../../src/merkle/tile-hashes.js'
import type { TestTree } from '../../../src/testing/tree.js'
import { ctError } from '../http/errors.js'
import { headOf, leafHashOf, treeOf } from './test-tree.js'

/** A log that serves the hash tiles of a tree, and nothing else. */
class TileServer implements Transport {
  readonly asked: string[] = []
  readonly fresh: string[] = []
  /** Changes what is served. */
  tamper: (path: string, tile: Uint8Array) => Uint8Array | undefined = (_, tile) => tile
  private readonly tree: TestTree

  constructor(tree: TestTree) {
    this.tree = tree
  }

  async get(url: string, { fresh }: GetOptions = {}) {
    const path = url.replace('https://log.example/', '')
    this.asked.push(path)
    if (fresh) this.fresh.push(path)
    const [, level, name, width = '256'] = /^tile\/(\d)\/([x\d/]+)(?:\.p\/(\d+))?$/.exec(path) ?? []
    const index = Number(name?.replaceAll(/[x/]/g, ''))
    const tile = this.tree.tile(Number(level), index, Number(width))
    const served = tile === undefined ? undefined : this.tamper(path, tile)
    if (served === undefined) throw new CtStreamError('CT_HTTP_STATUS', `${path}: 404`, { status: 404 })
    return { status: 200, headers: {}, body: served }
  }

  async close() {}
}

const SIZE = 70_000
const tree = treeOf(SIZE)

function open(server = new TileServer(tree)) {
  return { server, tiles: new HashTiles(new LogHttp(server, 'https://log.example')) }
}

const flip = (tile: Uint8Array, at: number) => {
  const copy = tile.slice()
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}

describe('HashTiles', () => {
  // 0, 1, powers of two and their neighbours, tile borders, the head.
  const sizes = [1, 2, 3, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 65_792, 69_999, SIZE]

  it('gives frontiers, consistency and inclusion proofs of any size at any size', async () => {
    const { tiles } = open()
    for (const second of sizes) {
      const head = headOf(tree, second)
      for (const first of sizes.filter((size) => size <= second)) {
        const frontier = await tiles.nodes(tilesForFrontier(first, second), head, {})
        expect(frontierFromNodes(first, second, frontier, head.rootHash).root()).toEqual(headOf(tree, first).rootHash)

        const nodes = await tiles.nodes(tilesForInclusion(first - 1, second), head, {})
        const path = inclusionProofFromNodes(first - 1, second, nodes)
        verifyInclusion(leafHashOf(first - 1), first - 1, second, path, head.rootHash)
        if (first === second) continue
        const proof = consistencyProofFromNodes(
          first,
          second,
          await tiles.nodes(tilesForConsistency(first, second), head, {}),
        )
        verifyConsistency(first, second, proof, headOf(tree, first).rootHash, head.rootHash)
      }
    }
  })

  it('asks for full tiles and for the partial ones of the head only, each once', async () => {
    const { tiles, server } = open()
    const head = headOf(tree)
    await tiles.nodes(tilesForConsistency(1000, SIZE), head, {})
    // 70,000 entries: 273 full tiles and 112 hashes; 1 full and 17; 1.
    expect(new Set(server.asked)).toEqual(
      new Set(['tile/2/000.p/1', 'tile/1/001.p/17', 'tile/1/000', 'tile/0/273.p/112', 'tile/0/003']),
    )
    expect(server.asked).toHaveLength(5)
    await tiles.nodes(tilesForConsistency(1000, SIZE), head, {})
    await tiles.nodes(tilesForInclusion(999, SIZE), head, {})
    expect(server.asked).toHaveLength(5)
    await tiles.nodes(tilesForConsistency(1000, SIZE), head, { fresh: true })
    expect(server.fresh).toHaveLength(5)
  })

  it('asks for nothing twice when a call is repeated that failed in the middle', async () => {
    const { tiles, server } = open()
    let refused = true
    server.tamper = (path, tile) => (refused && path === 'tile/1/000' ? undefined : tile)
    await ctError(tiles.nodes(tilesForConsistency(1000, SIZE), headOf(tree), {}))
    refused = false
    await tiles.nodes(tilesForConsistency(1000, SIZE), headOf(tree), {})
    expect(server.asked.filter((path) => path !== 'tile/1/000')).toHaveLength(4)
    expect(new Set(server.asked).size).toBe(5)
  })

  it('asks for the partial tiles of a larger tree that have grown, and for no other', async () => {
    const { tiles, server } = open()
    await tiles.nodes(tilesForConsistency(69_900, 69_950), headOf(tree, 69_950), {})
    const before = server.asked.length
    await tiles.nodes(tilesForConsistency(69_950, SIZE), headOf(tree), {})
    expect(server.asked.slice(before)).toEqual(['tile/0/273.p/112'])
  })

  it('waits for the turn of each request', async () => {
    const { tiles, server } = open()
    let turns = 0
    const schedule = <T>(request: () => Promise<T>) => {
      turns++
      return request()
    }
    await tiles.nodes(tilesForConsistency(1000, SIZE), headOf(tree), { schedule })
    expect(turns).toBe(server.asked.length)
  })

  it('keeps a bounded number of tiles', async () => {
    const { tiles, server } = open()
    const read = (tile: number) => tiles.nodes([{ level: 0, index: tile, width: 256 }], headOf(tree), {})
    for (let tile = 0; tile < 200; tile++) await read(tile)
    const before = server.asked.length
    await read(199)
    expect(server.asked).toHaveLength(before)
    await read(0)
    expect(server.asked.at(-1)).toBe('tile/0/000')
  })

  it.each(['tile/2/000.p/1', 'tile/1/001.p/17', 'tile/1/000', 'tile/0/273.p/112', 'tile/0/003'])(
    'believes no byte of %s that the signed root does not prove',
    async (path) => {
      for (const at of [0, 31, 300, 543]) {
        const { tiles, server } = open()
        let lying = true
        server.tamper = (asked, tile) => (lying && asked === path ? flip(tile, at % tile.length) : tile)
        const error = await ctError(tiles.nodes(tilesForConsistency(1000, SIZE), headOf(tree), {}))
        expect(error).toMatchObject({ code: 'CT_CONSISTENCY', retryable: true })
        lying = false
        // Nothing of the lie was kept.
        const nodes = await tiles.nodes(tilesForConsistency(1000, SIZE), headOf(tree), {})
        const proof = consistencyProofFromNodes(1000, SIZE, nodes)
        verifyConsistency(1000, SIZE, proof, headOf(tree, 1000).rootHash, headOf(tree).rootHash)
      }
    },
  )

  it('takes the full tile for a partial one that is gone, and trusts it no more than that', async () => {
    const { tiles, server } = open()
    server.tamper = (path, tile) => (path === 'tile/0/003.p/232' ? undefined : tile)
    const head = headOf(tree, 1000)
    const nodes = await tiles.nodes(tilesForFrontier(1000, 1000), head, {})
    expect(server.asked).toContain('tile/0/003')
    expect(frontierFromNodes(1000, 1000, nodes, head.rootHash).root()).toEqual(head.rootHash)
    server.asked.length = 0
    await tiles.nodes(tilesForConsistency(1000, SIZE), headOf(tree), {})
    expect(server.asked).toContain('tile/0/003')
  })

  it('names the tile that is missing', async () => {
    const { tiles, server } = open()
    server.tamper = () => undefined
    const error = await ctError(tiles.nodes(tilesForFrontier(300, 300), headOf(tree, 300), {}))
    expect(error).toMatchObject({ code: 'CT_HTTP_STATUS', status: 404 })
    expect(error.message).toContain('.p/')
  })

  it.each([31, 32, 8160, 8193])('refuses a tile of %i bytes', async (length) => {
    const { tiles, server } = open()
    server.tamper = (path, tile) => (path === 'tile/0/003' ? new Uint8Array(length) : tile)
    const error = await ctError(tiles.nodes(tilesForConsistency(1000, SIZE), headOf(tree), {}))
    expect(error).toMatchObject({ code: 'CT_RESPONSE_MALFORMED', retryable: true, expected: 8192, actual: length })
    expect(error.url).toBe('https://log.example/tile/0/003')
  })
})
