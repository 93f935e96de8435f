# etcron: one image for masters and workers; the command says which.
FROM node:20-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm install --no-save --include=dev
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
COPY scripts ./scripts
COPY web ./web
RUN node scripts/install.mjs && npm prune --omit=dev

FROM node:20-bookworm-slim
# tini is the first process: it reaps what tasks leave behind, and passes signals on.
RUN apt-get update \
  && apt-get install -y --no-install-recommends tini ca-certificates \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /src/package.json ./
COPY --from=build /src/node_modules ./node_modules
COPY --from=build /src/dist ./dist
COPY bin ./bin
RUN ln -s /app/bin/etcron /usr/local/bin/etcron \
  && install -d -o node -g node /var/lib/etcron
USER node
ENV NODE_ENV=production
VOLUME /var/lib/etcron
ENTRYPOINT ["/usr/bin/tini", "--", "etcron"]
CMD ["--help"]
