import { describeTable } from './describe-table.js'

describeTable('rfc6962')
