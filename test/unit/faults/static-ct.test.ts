import { describeTable } from './describe-table.js'

describeTable('static-ct')
