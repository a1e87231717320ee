import { TestTree } from '../../../src/testing/tree.js'
import type { SignedHead } from '../../../src/types/log.js'
import { sha256 } from '../../../src/util/hash.js'

/** The leaf of entry `i` in the trees of these tests: any bytes will do. */
export const leafOf = (i: number): Uint8Array => Buffer.from(`leaf ${i}`)

export const leafHashOf = (i: number): Uint8Array => sha256(Buffer.concat([Buffer.of(0), leafOf(i)]))

/** A tree of `size` leaves, made by code that shares nothing with what is tested. */
export function treeOf(size: number): TestTree {
  const tree = new TestTree()
  for (let i = 0; i < size; i++) tree.append(leafHashOf(i))
  return tree
}

/** A head nobody signed: these tests begin behind the check of the signature. */
export function headOf(tree: TestTree, treeSize = tree.size): SignedHead {
  return { treeSize, timestamp: 0, rootHash: Uint8Array.from(tree.root(treeSize)), signature: new Uint8Array(0) }
}
