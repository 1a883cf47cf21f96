//! template.yaml is understood, and what is not understood is refused.

use std::time::Duration;

use emulator::{Consumer, KeyKind, Projection, Template};

#[test]
fn the_shops_template_has_routes_schedules_queues_and_a_consumer() {
    let template = Template::shop().unwrap();

    let auth = template
        .routes
        .iter()
        .find(|route| route.path == "/api/auth/{proxy+}")
        .unwrap();
    assert_eq!(
        (auth.function.as_str(), auth.method.as_str()),
        ("auth", "ANY")
    );
    assert!(
        template
            .routes
            .iter()
            .all(|route| !route.path.ends_with('/'))
    );

    let expiry = template
        .schedules
        .iter()
        .find(|it| it.function == "expire-reservations")
        .unwrap();
    assert_eq!(expiry.every, Duration::from_secs(300));

    let [consumer] = template.consumers.as_slice() else {
        panic!("one function reads one queue");
    };
    assert_eq!(consumer.function, "order-events");
    let queue = template
        .queues
        .iter()
        .find(|queue| queue.name == consumer.queue)
        .unwrap();
    assert!(queue.max_receive_count.is_some());
    let dead_letters = queue.dead_letters.as_deref().unwrap();
    assert!(
        template
            .queues
            .iter()
            .any(|queue| queue.name == dead_letters)
    );
}

#[test]
fn a_template_is_read_with_its_short_forms_and_defaults() {
    let template = Template::parse(
        r#"
Parameters:
  Patience: { Type: Number, Default: 90 }
Resources:
  Data:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub "${AWS::StackName}-data"
      KeySchema: [{ AttributeName: pk, KeyType: HASH }]
      AttributeDefinitions: [{ AttributeName: pk, AttributeType: S }]
      GlobalSecondaryIndexes:
        - IndexName: by-name
          KeySchema: [{ AttributeName: name, KeyType: HASH }]
          Projection: { ProjectionType: INCLUDE, NonKeyAttributes: [price] }
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: !Ref Patience
      RedrivePolicy: { deadLetterTargetArn: !GetAtt [Dead, Arn], maxReceiveCount: 3 }
  Dead:
    Type: AWS::SQS::Queue
  Worker:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: worker } }
    Properties:
      Events:
        Jobs: { Type: SQS, Properties: { Queue: !GetAtt Jobs.Arn } }
"#,
    )
    .unwrap();

    assert_eq!(template.table.name, "merkato");
    assert_eq!(template.table.keys[0].kind, KeyKind::Hash);
    assert_eq!(
        template.table.indexes[0].projection,
        Projection::Include(vec!["price".to_owned()])
    );
    assert_eq!(template.queues[0].name, "Dead");
    assert_eq!(
        template.queues[0].visibility_timeout,
        Duration::from_secs(30)
    );
    assert_eq!(
        template.queues[1].visibility_timeout,
        Duration::from_secs(90)
    );
    assert_eq!(template.queues[1].dead_letters.as_deref(), Some("Dead"));
    let jobs = Consumer {
        function: "worker".to_owned(),
        queue: "Jobs".to_owned(),
        batch_size: 10,
    };
    assert_eq!(template.consumers, [jobs]);
}

#[test]
fn a_queue_for_ticks_that_were_not_delivered_is_no_queue_of_the_stack() {
    let template = Template::parse(
        r#"
Resources:
  Data:
    Type: AWS::DynamoDB::Table
    Properties:
      KeySchema: [{ AttributeName: pk, KeyType: HASH }]
      AttributeDefinitions: [{ AttributeName: pk, AttributeType: S }]
  Jobs:
    Type: AWS::SQS::Queue
  Missed:
    Type: AWS::SQS::Queue
  Worker:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: worker } }
    Properties:
      Events:
        Tick:
          Type: ScheduleV2
          Properties:
            ScheduleExpression: rate(1 hour)
            DeadLetterConfig: { Arn: !GetAtt Missed.Arn }
"#,
    )
    .unwrap();

    let names: Vec<_> = template.queues.iter().map(|queue| &queue.name).collect();
    assert_eq!(names, ["Jobs"]);
    assert_eq!(template.schedules[0].every, Duration::from_secs(3600));
}

#[test]
fn an_event_that_the_stack_would_leave_out_is_refused() {
    let error = Template::parse(
        r#"
Resources:
  Worker:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: worker } }
    Properties:
      Events:
        Upload: { Type: S3 }
"#,
    )
    .unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        "Worker.Upload: the local stack has no events of type S3"
    );
}
