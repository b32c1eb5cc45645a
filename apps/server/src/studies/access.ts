/** Whose studies a user sees, as a condition of SQL: what is of another group is not there. */

/** Of a table `studies s`; `$n` are the user's groups. */
export const visible = (parameter: number): string => `('*' = any($${parameter}) or s.group_name = any($${parameter}))`;
