-- The Merkle tree over all captures (RFC 9162): of every 32nd capture on, the hashes of the subtrees of 32, 1,024, 32,768 ...
-- captures (2 to the power of `level`) that it is the last of. All else of the tree is computed from these and from
-- the captures. The program fills it when it applies this migration (store/evidence/tree.h).

CREATE TABLE tree_node (
    capture_id INTEGER NOT NULL REFERENCES capture (capture_id),
    level      INTEGER NOT NULL,
    sha256     BLOB NOT NULL,
    PRIMARY KEY (capture_id, level)
) STRICT, WITHOUT ROWID;
