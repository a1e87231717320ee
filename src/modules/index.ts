// `ct-stream/modules`: what is built on the stream and is not needed to read it.
export { type ListEntry, type ListLine, type ReadListOptions, readList } from '../watchlist/list-line.js'
export type { Match, MatchKind, MatchReason } from '../watchlist/match.js'
export type { Brand, WatchlistOptions } from '../watchlist/options.js'
export { Watchlist } from '../watchlist/watchlist.js'
