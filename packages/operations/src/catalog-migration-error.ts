/** A catalog's migrations can't be applied; nothing of the one that is named was. */
export class CatalogMigrationError extends Error {
  readonly code = "catalog-migration-failed";
  readonly retryable = false;
  constructor(catalog: string, migration: string, why: string, options?: ErrorOptions) {
    super(`The migration ${migration} of the catalog ${catalog} ${why}`, options);
    this.name = "CatalogMigrationError";
  }
}
