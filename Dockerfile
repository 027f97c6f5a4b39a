# One image for each program: docker build --target tap-posthog .
# Airbyte starts a connector by sh and the variable AIRBYTE_ENTRYPOINT, as user 1000, hence a base that has a shell and coreutils. The
# stages after the first run nothing, so that images for another architecture need no emulator; `make images` builds them from these
# same lines where there is no Docker. Go's programs bring their time zones with them, Alpine the CA certificates.

FROM --platform=$BUILDPLATFORM golang:1.26.8 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags='-s -w -buildid=' -o /out/ ./target-postgres ./taps/tap-*/

FROM alpine:3.24.2 AS base
LABEL org.opencontainers.image.source="https://github.com/signalroom/signalroom" org.opencontainers.image.vendor="Signalroom" org.opencontainers.image.licenses="Apache-2.0"
COPY <<passwd /etc/passwd
root:x:0:0:root:/root:/bin/sh
airbyte:x:1000:1000:airbyte:/airbyte:/bin/sh
passwd
COPY <<group /etc/group
root:x:0:root
airbyte:x:1000:
group
ENV HOME=/airbyte
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/airbyte/integration_code
USER 1000:1000
WORKDIR /airbyte

FROM base AS tap-everflow
ARG VERSION=0.0.0-dev
LABEL io.airbyte.name="ghcr.io/signalroom/tap-everflow" io.airbyte.version="$VERSION" org.opencontainers.image.title="tap-everflow" org.opencontainers.image.version="$VERSION" org.opencontainers.image.documentation="https://github.com/signalroom/signalroom/blob/main/docs/tap-everflow.md"
ENV AIRBYTE_ENTRYPOINT="/airbyte/integration_code/tap-everflow"
ENTRYPOINT ["/airbyte/integration_code/tap-everflow"]
COPY --from=build /out/tap-everflow /airbyte/integration_code/tap-everflow

FROM base AS tap-google-sheets
ARG VERSION=0.0.0-dev
LABEL io.airbyte.name="ghcr.io/signalroom/tap-google-sheets" io.airbyte.version="$VERSION" org.opencontainers.image.title="tap-google-sheets" org.opencontainers.image.version="$VERSION" org.opencontainers.image.documentation="https://github.com/signalroom/signalroom/blob/main/docs/tap-google-sheets.md"
ENV AIRBYTE_ENTRYPOINT="/airbyte/integration_code/tap-google-sheets"
ENTRYPOINT ["/airbyte/integration_code/tap-google-sheets"]
COPY --from=build /out/tap-google-sheets /airbyte/integration_code/tap-google-sheets

FROM base AS tap-mautic
ARG VERSION=0.0.0-dev
LABEL io.airbyte.name="ghcr.io/signalroom/tap-mautic" io.airbyte.version="$VERSION" org.opencontainers.image.title="tap-mautic" org.opencontainers.image.version="$VERSION" org.opencontainers.image.documentation="https://github.com/signalroom/signalroom/blob/main/docs/tap-mautic.md"
ENV AIRBYTE_ENTRYPOINT="/airbyte/integration_code/tap-mautic"
ENTRYPOINT ["/airbyte/integration_code/tap-mautic"]
COPY --from=build /out/tap-mautic /airbyte/integration_code/tap-mautic

FROM base AS tap-posthog
ARG VERSION=0.0.0-dev
LABEL io.airbyte.name="ghcr.io/signalroom/tap-posthog" io.airbyte.version="$VERSION" org.opencontainers.image.title="tap-posthog" org.opencontainers.image.version="$VERSION" org.opencontainers.image.documentation="https://github.com/signalroom/signalroom/blob/main/docs/tap-posthog.md"
ENV AIRBYTE_ENTRYPOINT="/airbyte/integration_code/tap-posthog"
ENTRYPOINT ["/airbyte/integration_code/tap-posthog"]
COPY --from=build /out/tap-posthog /airbyte/integration_code/tap-posthog

FROM base AS tap-redtrack
ARG VERSION=0.0.0-dev
LABEL io.airbyte.name="ghcr.io/signalroom/tap-redtrack" io.airbyte.version="$VERSION" org.opencontainers.image.title="tap-redtrack" org.opencontainers.image.version="$VERSION" org.opencontainers.image.documentation="https://github.com/signalroom/signalroom/blob/main/docs/tap-redtrack.md"
ENV AIRBYTE_ENTRYPOINT="/airbyte/integration_code/tap-redtrack"
ENTRYPOINT ["/airbyte/integration_code/tap-redtrack"]
COPY --from=build /out/tap-redtrack /airbyte/integration_code/tap-redtrack

FROM base AS tap-s3-exports
ARG VERSION=0.0.0-dev
LABEL io.airbyte.name="ghcr.io/signalroom/tap-s3-exports" io.airbyte.version="$VERSION" org.opencontainers.image.title="tap-s3-exports" org.opencontainers.image.version="$VERSION" org.opencontainers.image.documentation="https://github.com/signalroom/signalroom/blob/main/docs/tap-s3-exports.md"
ENV AIRBYTE_ENTRYPOINT="/airbyte/integration_code/tap-s3-exports"
ENTRYPOINT ["/airbyte/integration_code/tap-s3-exports"]
COPY --from=build /out/tap-s3-exports /airbyte/integration_code/tap-s3-exports

FROM base AS target-postgres
ARG VERSION=0.0.0-dev
LABEL io.airbyte.name="ghcr.io/signalroom/target-postgres" io.airbyte.version="$VERSION" org.opencontainers.image.title="target-postgres" org.opencontainers.image.version="$VERSION" org.opencontainers.image.documentation="https://github.com/signalroom/signalroom/blob/main/docs/target-postgres.md"
ENV AIRBYTE_ENTRYPOINT="/airbyte/integration_code/target-postgres"
ENTRYPOINT ["/airbyte/integration_code/target-postgres"]
COPY --from=build /out/target-postgres /airbyte/integration_code/target-postgres
