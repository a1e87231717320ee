/**
 * Chrome's list of all logs, not the `log_list.json` its browsers get: a monitor needs what that one leaves out. A log
 * that ends is *said* to be rejected here, there it only vanishes (and a list that lost logs is what belief.ts must
 * tell from a broken one); and a selection of pending or test logs can be answered at all. It costs 76 kB instead of 50,
 * once a day.
 */
export const CHROME_LIST_URL = 'https://www.gstatic.com/ct/log_list/v3/all_logs_list.json'

/** The logs Apple knows; some that Chrome dropped are still accepted there. It has no signature. */
export const APPLE_LIST_URL = 'https://valid.apple.com/ct/log_list/current_log_list.json'

/** The lists read when none is named; in case of doubt the first one is believed. */
export const defaultLogLists: readonly string[] = Object.freeze([CHROME_LIST_URL, APPLE_LIST_URL])

/** Longest list that is read, bytes. The largest seen had 165 kB. */
export const MAX_LIST_BYTES = 8 * 1024 * 1024

/** A list older than this by its own timestamp is not believed; Chrome itself stops enforcing at this age. */
export const MAX_LIST_AGE_MS = 70 * 24 * 60 * 60_000

/** Lists are asked for again after a random time in this range: often enough for a list that changes once a day. */
export const refreshRangeMs: Readonly<{ min: number; max: number }> = Object.freeze({
  min: 30 * 60_000,
  max: 90 * 60_000,
})

const knownNames: Readonly<Record<string, string>> = Object.freeze({
  'https://www.gstatic.com/ct/log_list/v3/all_logs_list.json': 'chrome',
  'https://www.gstatic.com/ct/log_list/v3/log_list.json': 'chrome',
  'https://valid.apple.com/ct/log_list/current_log_list.json': 'apple',
  'https://crt.sh/v3/logs.json?include=all': 'crt.sh',
  'https://crt.sh/v3/logs.json?include=active': 'crt.sh',
  'https://loglist.certspotter.org/monitor.json': 'certspotter',
})

/** How a list is called in `ListedLog.lists` and in problems: short for the known ones, else the URL. */
export function listName(url: string): string {
  return Object.hasOwn(knownNames, url) ? (knownNames[url] as string) : url
}
