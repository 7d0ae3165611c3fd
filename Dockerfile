# One file for every process:
#   docker build --build-arg APP=ingest -t postback/ingest .                (or processor, webhook-dispatcher)
#   docker build --target prepare -t postback/prepare .                     (the job for topics and tables)
# All run on the environment of docs/config.md. A catalog of your own: FROM postback/processor, COPY it, set POSTBACK_CATALOG.

# ── Everything, with what only the building needs: the patches applied, the database client generated.
FROM node:26-slim AS build
WORKDIR /app
COPY . .
RUN node scripts/setup.mjs --no-kafka

# ── What runs: an install of its own, without development. The tests' packages are development of the apps, so they aren't
# asked for either. kafkajs is the patched one.
FROM node:26-slim AS dependencies
WORKDIR /app
COPY . .
RUN npm pkg delete devDependencies --workspaces \
 && npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund --workspace=apps --workspace=examples/shop
COPY --from=build /app/node_modules/kafkajs ./node_modules/kafkajs
COPY --from=build /app/packages/database/src/generated ./packages/database/src/generated

FROM node:26-slim AS runtime
ENV NODE_ENV=production PORT=8080 HEALTH_PORT=8080
WORKDIR /app
COPY --from=dependencies /app/package.json ./
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=dependencies /app/packages ./packages
COPY --from=dependencies /app/prisma/migrations ./prisma/migrations
COPY --from=dependencies /app/apps ./apps
COPY --from=dependencies /app/examples ./examples
COPY --from=dependencies /app/scripts/prepare.ts ./scripts/prepare.ts
USER node
STOPSIGNAL SIGTERM

# ── The job: ends when topics and tables are as they must be.
FROM runtime AS prepare
ENTRYPOINT ["node", "scripts/prepare.ts"]

# ── A process, the last stage and so the default.
FROM runtime AS app
ARG APP
ENV APP=${APP}
RUN test -f "apps/${APP}/src/main.ts" || { echo "--build-arg APP= names no app of: $(ls apps)"; exit 1; }
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/livez').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# exec: the app is process 1 and gets SIGTERM itself.
CMD ["sh", "-c", "exec node apps/$APP/src/main.ts"]
