import type { Module } from '../../modules/definition.js'
import type { ModuleTools } from './tools.js'

type Load = (tools: ModuleTools) => Promise<{ readonly default: Module }>

/** Modules of this package that are not outputs. */
const watchers: readonly string[] = ['intelligence', 'watchlist']

/** Modules of this package by their short names, each loaded when it is used. */
const loaders: Readonly<Record<string, Load>> = {
  command: () => import('../../outputs/command.js'),
  csv: () => import('../../outputs/csv.js'),
  intelligence: () => import('../../modules/intelligence.js'),
  jsonl: () => import('../../outputs/jsonl.js'),
  otlp: () => import('../../outputs/otlp.js'),
  smtp: () => import('../../outputs/smtp.js'),
  sqlite: () => import('../../outputs/sqlite.js'),
  syslog: () => import('../../outputs/syslog.js'),
  watchlist: async (tools) => ({ default: (await import('../../modules/watchlist.js')).watchlistModule(tools) }),
  webhook: async (tools) => ({ default: (await import('../../outputs/webhook.js')).webhookModule(tools) }),
}

export const ownModuleNames: readonly string[] = Object.keys(loaders)

/**
 * A module of this package, named `jsonl`, or `ct-stream/outputs/jsonl` as a program would import it. Works also where the folder of the
 * config file has no package `ct-stream`.
 *
 * @returns `undefined` for every other name.
 */
export async function ownModule(name: string, tools: ModuleTools = {}): Promise<Module | undefined> {
  const short = name.replace(/^ct-stream\/(?:modules|outputs)\//, '')
  return Object.hasOwn(loaders, short) ? (await loaders[short]?.(tools))?.default : undefined
}

/** The specifier by which a program imports it. */
export function longName(name: string): string {
  return `ct-stream/${watchers.includes(name) ? 'modules' : 'outputs'}/${name}`
}
