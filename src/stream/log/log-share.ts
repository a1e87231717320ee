import { ByteBudget } from '../../util/byte-budget.js'

/**
 * One log's share of the budget. With a quarter, no log starves the others, and more would not help: it holds many times a page in
 * transfer, a page being proven and a page being read. A small budget is not divided.
 */
export function shareOf(whole: ByteBudget): ByteBudget {
  return new ByteBudget(Math.max(Math.ceil(whole.limit / 4), Math.min(whole.limit, 16 * 1024 * 1024)), whole)
}
