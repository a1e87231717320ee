import { describe, it } from 'vitest'
import { openSearch } from './seeded-engines.js'
import { endureFaults, limitOf } from './seeded-schedule.js'

describe.skipIf(openSearch.isMissing)('collectors on OpenSearch', () => {
  it(
    'lose nothing under a schedule of faults, and repeat only what the guide says',
    () => endureFaults(openSearch),
    limitOf(openSearch),
  )
})
