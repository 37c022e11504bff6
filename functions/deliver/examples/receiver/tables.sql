-- One tenant. No foreign keys: a membership may come before its member (`early`) and stay while a user is away (`live` = 0).
CREATE TABLE IF NOT EXISTS feed (one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS users (id TEXT PRIMARY KEY, version INTEGER NOT NULL, name TEXT NOT NULL, active INTEGER NOT NULL, live INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS groups (id TEXT PRIMARY KEY, version INTEGER NOT NULL, name TEXT NOT NULL, active INTEGER NOT NULL, live INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS members (group_id TEXT NOT NULL, member_id TEXT NOT NULL, early INTEGER NOT NULL, PRIMARY KEY (group_id, member_id));
-- Who is a member now.
CREATE VIEW IF NOT EXISTS current_members AS SELECT group_id, member_id FROM members
  WHERE NOT early AND member_id IN (SELECT id FROM users WHERE live UNION SELECT id FROM groups);
