import { defineConfig } from "prisma/config";

const { DATABASE_URL: url } = process.env;

/** For Prisma's command line: `generate` in the set-up, and `migrate` where its native engine can be had. */
export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  ...(url === undefined ? {} : { datasource: { url } }),
});
