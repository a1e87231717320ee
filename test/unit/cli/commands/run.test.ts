import { describe, expect, it } from 'vitest'
import { runWith } from '../embedded.js'

describe('ct-stream run', () => {
  it.each(['collector', 'api', 'collector,api'])(
    'refuses --module where the role %s would not run it',
    async (role) => {
      const { code, stdout, stderr } = await runWith([
        'run',
        '--db',
        'odd://db',
        '--role',
        role,
        '--module',
        'watchlist',
      ])
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toContain('--module goes with the role processor')
    },
  )

  it('takes modules of a config file, which the roles share', async () => {
    const files = { 'my.json': JSON.stringify({ modules: ['watchlist'] }) }
    const { stderr } = await runWith(['run', '--db', 'odd://db', '--role', 'collector', '--config', 'my.json'], {
      files,
    })
    expect(stderr).toMatch(/^ct-stream: --db: /)
  })
})
