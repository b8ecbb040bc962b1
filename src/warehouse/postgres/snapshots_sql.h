// The SQL of tables that are not in the catalog (table_snapshots.h), and of what belongs to a
// table.
#pragma once

namespace muster::pg_sql {

inline constexpr const char* kAsideInsert =
    "INSERT INTO muster.asides (name, kind, table_name, run_id, table_version, created_at_us)"
    " VALUES ($1, $2, $3, $4, $5, $6)";
inline constexpr const char* kAsideDelete = "DELETE FROM muster.asides WHERE name = $1";
inline constexpr const char* kAsidesSelect =
    "SELECT name, kind, table_name, run_id, table_version FROM muster.asides"
    " ORDER BY created_at_us, name";

inline constexpr const char* kLastRun =
    "SELECT run_id FROM muster.publications WHERE table_name = $1"
    " ORDER BY table_version DESC, published_at_us DESC LIMIT 1";
// Objects whose rows came into the table after it had this version.
inline constexpr const char* kObjectsSince =
    "SELECT o.object FROM muster.objects o JOIN muster.publications p"
    " ON p.run_id = o.run_id AND p.table_name = o.table_name"
    " WHERE o.table_name = $1 AND p.table_version > $2 ORDER BY o.object";
inline constexpr const char* kObjectForget =
    "DELETE FROM muster.objects WHERE table_name = $1 AND object = $2";

// Of the table $1 (quoted): name, definition and kind of each index. The definition is what follows
// the name of index and table, or the constraint's; two tables agree if these do.
inline constexpr const char* kIndexes =
    "SELECT i.relname, coalesce(pg_get_constraintdef(k.oid), substr(pg_get_indexdef(x.indexrelid),"
    " length(format('CREATE %sINDEX %I ON %I.%I', CASE WHEN x.indisunique THEN 'UNIQUE ' ELSE ''"
    " END, i.relname, n.nspname, t.relname)) + 1)),"
    " k.oid IS NOT NULL, x.indisunique"
    " FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid"
    " JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace"
    " LEFT JOIN pg_constraint k ON k.conindid = x.indexrelid AND k.conrelid = x.indrelid"
    " AND k.contype IN ('p', 'u', 'x')"
    " WHERE x.indrelid = $1::regclass ORDER BY i.relname";

// What a rename leaves behind, of the table $1. Views are not among it: they are made again.
inline constexpr const char* kDependents =
    "SELECT format('materialized view %s', v.oid::regclass) AS what FROM pg_depend d"
    " JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class v ON v.oid = r.ev_class"
    " WHERE d.classid = 'pg_rewrite'::regclass AND d.refobjid = $1::regclass AND v.relkind = 'm'"
    " UNION SELECT format('rule %I', rulename) FROM pg_rewrite WHERE ev_class = $1::regclass"
    " UNION SELECT format('trigger %I', tgname) FROM pg_trigger"
    " WHERE tgrelid = $1::regclass AND NOT tgisinternal"
    " UNION SELECT format('policy %I', polname) FROM pg_policy WHERE polrelid = $1::regclass"
    " UNION SELECT format('foreign key %I of %s', conname, conrelid::regclass) FROM pg_constraint"
    " WHERE contype = 'f' AND (conrelid = $1::regclass OR confrelid = $1::regclass)"
    " UNION SELECT format('function %s', d.objid::regprocedure) FROM pg_depend d"
    " JOIN pg_class c ON c.oid = $1::regclass AND d.refobjid IN (c.oid, c.reltype)"
    " WHERE d.classid = 'pg_proc'::regclass"
    " UNION SELECT format('column %I of %s', attname, attrelid::regclass) FROM pg_attribute"
    " JOIN pg_class c ON c.oid = $1::regclass AND atttypid = c.reltype WHERE NOT attisdropped"
    " UNION SELECT format('publication %I', p.pubname) FROM pg_publication_rel m"
    " JOIN pg_publication p ON p.oid = m.prpubid WHERE m.prrelid = $1::regclass"
    " UNION SELECT format('inheritance of %s', inhrelid::regclass) FROM pg_inherits"
    " WHERE inhrelid = $1::regclass OR inhparent = $1::regclass ORDER BY 1";

// Statements that make the views of the table $1 again, as they are; run when another table has
// its name, they are views of that one. Views of these views and all grants stay.
inline constexpr const char* kViews =
    "SELECT DISTINCT format('CREATE OR REPLACE VIEW %s%s AS %s', v.oid::regclass,"
    " ' WITH (' || array_to_string(v.reloptions, ', ') || ')', pg_get_viewdef(v.oid))"
    " FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid"
    " JOIN pg_class v ON v.oid = r.ev_class WHERE d.classid = 'pg_rewrite'::regclass"
    " AND d.refobjid = $1::regclass AND v.relkind = 'v' ORDER BY 1";

// Statements that give the table $2 owner and grants of the table $1, both quoted, and take away
// what default privileges gave.
inline constexpr const char* kRights =
    "SELECT format('REVOKE ALL ON %s FROM %s', $2::text, CASE WHEN g.grantee = 0 THEN 'PUBLIC'"
    " ELSE quote_ident(pg_get_userbyid(g.grantee)) END) AS statement, 0 AS step"
    " FROM pg_class c, aclexplode(c.relacl) g WHERE c.oid = $2::regclass"
    " AND g.grantee <> c.relowner"
    " UNION ALL SELECT format('ALTER TABLE %s OWNER TO %I', $2::text, pg_get_userbyid(relowner)), 1"
    " FROM pg_class WHERE oid = $1::regclass"
    " AND pg_get_userbyid(relowner) <> current_user"
    " UNION ALL SELECT format('GRANT %s ON %s TO %s%s', g.privilege_type, $2::text,"
    " CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,"
    " CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END), 2"
    " FROM pg_class c, aclexplode(c.relacl) g WHERE c.oid = $1::regclass"
    " AND g.grantee <> c.relowner"
    " UNION ALL SELECT format('GRANT %s (%I) ON %s TO %s%s', g.privilege_type, a.attname,"
    " $2::text,"
    " CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,"
    " CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END), 2"
    " FROM pg_attribute a, aclexplode(a.attacl) g WHERE a.attrelid = $1::regclass"
    " AND a.attnum > 0 AND NOT a.attisdropped ORDER BY step";

}  // namespace muster::pg_sql
