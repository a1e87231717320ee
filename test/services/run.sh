#!/usr/bin/env bash
# Engines for a developer, until Ctrl-C: `npm run services`. Prints what to set for `npm run test:engines`.
set -euo pipefail
cd "$(dirname "$0")"
folder=$(mktemp -d)
chmod 755 "$folder"
trap 'bash opensearch.sh stop "$folder/opensearch"; bash ferretdb.sh stop "$folder/ferretdb"; bash amqp.sh stop "$folder/amqp"; bash nats.sh stop "$folder/nats"; bash redis.sh stop "$folder/redis"; bash kafka.sh stop "$folder/kafka"; bash postgres.sh stop "$folder/postgres"; rm -rf "$folder"' EXIT
bash postgres.sh start "$folder/postgres" 54329
echo 'export CT_STREAM_TEST_POSTGRES=postgres://postgres@127.0.0.1:54329/postgres'
bash kafka.sh start "$folder/kafka" 39192
echo 'export CT_STREAM_TEST_KAFKA=kafka://127.0.0.1:39192'
bash redis.sh start "$folder/redis" 36379
echo 'export CT_STREAM_TEST_REDIS=redis://127.0.0.1:36379'
bash nats.sh start "$folder/nats" 34222
echo 'export CT_STREAM_TEST_NATS=nats://127.0.0.1:34222'
bash amqp.sh start "$folder/amqp" 35672
echo 'export CT_STREAM_TEST_AMQP=amqp://guest:guest@127.0.0.1:35672'
bash ferretdb.sh start "$folder/ferretdb" 37017
echo 'export CT_STREAM_TEST_FERRETDB=mongodb://127.0.0.1:37017'
bash opensearch.sh start "$folder/opensearch" 39200
echo 'export CT_STREAM_TEST_OPENSEARCH=opensearch://127.0.0.1:39200'
sleep infinity &
wait $!
