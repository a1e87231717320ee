// Adapter of the built package for a yardstick of look-alike detectors: `init({ brands })`, then `detect(host)` for each name.
import { Watchlist } from '../../dist/modules.js'

let watchlist

export function init({ brands }) {
  watchlist = Watchlist.of({ brands })
}

/** @returns {{ score: number, brand: string } | null} */
export function detect(host) {
  return watchlist.match(host).find(({ kind }) => kind === 'lookalike') ?? null
}
