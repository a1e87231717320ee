import { expect, it } from 'vitest'
import { importPeer } from '../../../src/util/import-peer.js'

it('says what to install when the package of an engine is missing', async () => {
  const name = 'no-such-package-of-an-engine'
  await expect(importPeer('Some Engine', () => import(name), 'no-such-package-of-an-engine@1')).rejects.toMatchObject({
    code: 'CT_PEER_MISSING',
    retryable: false,
    message: expect.stringMatching(
      /^Some Engine needs a package that could not be loaded: npm install no-such-package-of-an-engine@1 \(.*no-such/,
    ),
  })
})

it('returns the package that it loads', async () => {
  const path = await importPeer('Paths', () => import('node:path'), 'path')
  expect(path.posix.join('a', 'b')).toBe('a/b')
})
