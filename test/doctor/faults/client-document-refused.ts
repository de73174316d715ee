import { atPath, type Fault, wellKnownIssuer, withMembers } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['D16', 'R15', 'C5'],
  says: 'client documents are announced, and none can be fetched',
  break(lab) {
    lab.addEdge(
      atPath(
        wellKnownIssuer,
        withMembers(() => ({ client_id_metadata_document_supported: true })),
      ),
    )
  },
}
