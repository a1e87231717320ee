// Reports every certificate in whose first name there is `mail`.
import { defineModule } from '../../dist/modules.js'

export default defineModule({
  name: 'mail-names',
  onCertificate({ dnsNames: [name = ''] }, { emit }) {
    if (!name.includes('mail')) return
    const isPaid = name.length % 2 === 0
    const reasons = [
      { text: 'The name has mail in it.', points: 30 },
      { text: '<b>Its issuer</b> is \u202enew.', points: 5 },
    ]
    emit({ kind: 'mail', subject: name, severity: isPaid ? 'high' : 'low', score: isPaid ? 82 : 24, reasons })
  },
})
