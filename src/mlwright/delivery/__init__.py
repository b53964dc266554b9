"""Deliveries: the sealed folder that comes out of a run. Open it, predict with it, verify it.

`manifest` seals and checks every byte, `verify` derives the claims again, `delivery` and `scoring` predict, `chain` is
the journal's hash chain, `evidence_files` reads and writes the test rows, `service_files` writes what is deployed.
Everything here works in the base install and runs no code of a delivery.
"""
