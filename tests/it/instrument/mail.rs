//! Captured mail and tokens to order.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use serde_json::{Value, json};

use crate::kit::actor::PASSWORD;
use crate::kit::{Actor, Setup, Site, Split, World, port};

#[test]
fn a_mail_is_waited_for_at_the_control_api() {
    let world = World::shared();
    resets(&world, &world.control());
}

#[test]
fn a_mail_is_waited_for_across_processes() {
    let world = Split::start(&Setup::ci());
    resets(&world, &world.control());
}

/// Someone forgets a password, a test reads the mail, the token in it is good.
fn resets(site: &Site, control: &Actor) {
    let someone = site.someone();
    someone.post("/api/auth/forgot-password", &json!({"email": someone.email})).expect(200);
    let target = format!("/control/mail/wait?to={}&kind=reset&timeoutMs=20000", someone.email);
    let mail = control.get(&target).expect(200).json()["data"]["mail"].clone();
    let token = mail["token"].as_str().unwrap();
    assert!(mail["link"].as_str().unwrap().ends_with(token), "{mail}");
    let path = format!("/api/auth/reset-password/{token}");
    someone.patch(&path, &json!({"password": "another good password"})).expect(200);
    let id = mail["id"].as_str().unwrap();
    let later = control.get(&format!("/control/mail/wait?to={}&after={id}&timeoutMs=1", someone.email));
    later.fails(408, "No such mail came in time");
    let of_someone = format!("/control/mail?to={}", someone.email);
    assert_eq!(mails(control, &of_someone).len(), 1);
    control.delete(&of_someone).expect(204);
    assert_eq!(mails(control, &of_someone).len(), 0);
    control.get("/control/mail?after=x").fails(400, "after must be the id of a mail, which is a number");
}

fn mails(control: &Actor, target: &str) -> Vec<Value> {
    control.get(target).expect(200).json()["data"]["mails"].as_array().unwrap().clone()
}

/// What a program says that sends a mail without waiting for answers.
const DELIVERY: &[u8] = b"EHLO me\r\nMAIL FROM:<app@x.test>\r\nRCPT TO:<Ada@Example.test>\r\nDATA\r\n\
    Subject: Please confirm\r\n\r\nhttps://x.test/confirm?token=abc\r\n.\r\nQUIT\r\n";

fn deliver(port: u16) {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.write_all(DELIVERY).unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    assert!(answers.contains("250 2.0.0 caught"), "{answers}");
}

#[test]
fn the_mail_of_another_program_is_found_beside_ours_also_after_a_stop_of_auth() {
    let port = port::free();
    let world = World::start(&Setup::ci().args(&["--smtp-capture", &port.to_string()]));
    let control = world.control();
    deliver(port);
    let target = "/control/mail/wait?to=ada@example.test&kind=verification";
    let mail = control.get(target).expect(200).json()["data"]["mail"].clone();
    assert_eq!((&mail["token"], &mail["subject"]), (&json!("abc"), &json!("Please confirm")));
    for change in ["stop", "start"] {
        control.post(&format!("/control/services/auth/{change}"), &json!({})).expect(200);
    }
    deliver(port);
    assert_eq!(mails(&control, "/control/mail").len(), 2);
}

#[test]
fn a_command_finds_where_to_send_its_mail_and_a_wrong_place_is_told() {
    let run = |arguments: &[&str]| crate::kit::command::run(&mut crate::kit::command::satchel(arguments));
    let told = run(&[
        "exec",
        "--smtp-capture",
        "0",
        "--",
        "sh",
        "-c",
        "echo $SATCHEL_SMTP_URL $EMAIL_HOST:$EMAIL_PORT",
    ]);
    let told = told.expect(0).stdout;
    let (url, address) = told.trim().split_once(' ').unwrap();
    assert_eq!(url, format!("smtp://{address}"));
    let elsewhere = run(&["up", "--ephemeral", "--only", "notes", "--smtp-capture", "0"]);
    let words = "--smtp-capture puts mail into the mailbox of auth: run auth in this process too";
    assert!(elsewhere.expect(1).stderr.contains(words));
}

#[test]
fn a_test_logs_in_as_anyone_also_too_late_and_too_early() {
    let world = World::shared();
    let (control, someone) = (world.control(), world.someone());
    let order = |order: &Value| control.post("/control/tokens", order);
    let token =
        |answer: crate::kit::Answer| answer.expect(201).json()["data"]["token"].as_str().unwrap().to_owned();
    let by_email = token(order(&json!({"email": someone.email})));
    assert_eq!(someone.with_token(&by_email).id(), someone.id());
    let by_id = token(order(&json!({"userId": someone.id(), "expiresInSeconds": 60})));
    someone.with_token(&by_id).get("/api/notes").expect(200);
    for wrong in [json!({"expiresInSeconds": -1}), json!({"notBeforeSeconds": 60})] {
        let mut wrong = wrong;
        wrong["email"] = json!(someone.email);
        let token = token(order(&wrong));
        someone.with_token(&token).get("/api/notes").fails(401, "Not authorized, invalid token");
    }
    order(&json!({"email": "nobody@example.test"})).fails(404, "No user found with that ID");
    order(&json!({"expiresIn": 5})).fails(400, "Either email or userId must say whose token it shall be");
    assert!(someone.log_in(PASSWORD).token.is_some());
}
