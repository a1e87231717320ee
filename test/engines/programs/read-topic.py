# Reads all that is committed in a topic by now, with librdkafka: read-topic.py SERVERS TOPIC. Prints `LOG INDEX` of each message.
import sys

from confluent_kafka import Consumer, TopicPartition

servers, topic = sys.argv[1:]
consumer = Consumer({
    'bootstrap.servers': servers,
    'group.id': 'none',
    'enable.auto.commit': False,
    'auto.offset.reset': 'earliest',
    'isolation.level': 'read_committed',
    'enable.partition.eof': True,
})
partitions = list(consumer.list_topics(topic, 20).topics[topic].partitions)
consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
ended = set()
while len(ended) < len(partitions):
    message = consumer.poll(30)
    if message is None:
        sys.exit('no answer for 30 s')
    if message.error():
        if message.error().name() != '_PARTITION_EOF':
            sys.exit(str(message.error()))
        ended.add(message.partition())
        continue
    headers = dict(message.headers())
    print(headers['ct-log'].decode(), headers['ct-index'].decode())
consumer.close()
