-- What people acknowledged is read from the ledger itself.
CREATE INDEX ledger_acknowledgements ON retention.ledger (seq) WHERE kind = 'acknowledgement';
