import { ByteBudget } from '../../util/byte-budget.js'

/**
 * What one log may hold of the budget. A quarter lets no log starve the others, and is as much as helps: a page on its way,
 * one that is proven and one that is read, many times over. A budget that is small is not divided.
 */
export function shareOf(whole: ByteBudget): ByteBudget {
  return new ByteBudget(Math.max(Math.ceil(whole.limit / 4), Math.min(whole.limit, 16 * 1024 * 1024)), whole)
}
