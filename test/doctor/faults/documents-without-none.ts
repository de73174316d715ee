import { atPath, type Fault, wellKnownIssuer, withMembers } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['D15'],
  says: 'client documents are announced for clients with a secret only',
  settings: { identity: 'metadata-document' },
  break(lab) {
    const members = { token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'] }
    lab.addEdge(
      atPath(
        wellKnownIssuer,
        withMembers(() => members),
      ),
    )
  },
}
