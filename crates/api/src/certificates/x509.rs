//! Certificates of the cluster's authority: real X.509 in form, with a simulated signature.

use apimachinery::base64;
use apimachinery::time::Time;

use super::pkcs10::{self, Subject};

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
const LINE: usize = 64;
const SIGNATURE_WORDS: u64 = 32;
/// sha256WithRSAEncryption
const ALGORITHM: &[u8] =
    &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00];
/// CN=kubernetes
const ISSUER: &[u8] = &[
    0x30, 0x15, 0x31, 0x13, 0x30, 0x11, 0x06, 0x03, 0x55, 0x04, 0x03, 0x13, 0x0a, b'k', b'u', b'b',
    b'e', b'r', b'n', b'e', b't', b'e', b's',
];

/// 64 bits of a text under a key; it need not resist anybody.
fn mix(key: u64, text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325 ^ key, |hash, byte| {
        let hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        hash ^ hash >> 29
    })
}

/// As long as the signature of a 2048-bit key.
pub fn signature(text: &str) -> Vec<u8> {
    (0..SIGNATURE_WORDS).flat_map(|word| mix(word, text).to_be_bytes()).collect()
}

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut out = vec![tag];
    match content.len() {
        short @ 0..0x80 => out.push(short as u8),
        long => {
            let bytes = (long as u32).to_be_bytes();
            let skip = bytes.iter().take_while(|byte| **byte == 0).count();
            out.push(0x80 | (bytes.len().saturating_sub(skip)) as u8);
            out.extend(bytes.iter().skip(skip));
        }
    }
    out.extend(content);
    out
}

/// `20261120123456Z`
fn der_time(time: Time) -> Vec<u8> {
    let c = time.civil();
    let text = format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}Z",
        c.year, c.month, c.day, c.hour, c.minute, c.second
    );
    der(0x18, &[text.as_bytes()])
}

/// Certifies what a request says, from five minutes ago until the end.
pub fn issue(subject: &Subject, serial: u64, now: Time, seconds: i64) -> String {
    let start = Time(now.0.saturating_sub(300));
    let end = Time(start.0.saturating_add(seconds));
    let validity = der(0x30, &[&der_time(start), &der_time(end)]);
    let version = der(0xa0, &[&[0x02, 0x01, 0x02]]);
    let serial = der(0x02, &[&[0], &serial.to_be_bytes()]);
    let info = der(
        0x30,
        &[&version, &serial, ALGORITHM, ISSUER, &validity, &subject.name_der, &subject.key_der],
    );
    let sealed = der(0x03, &[&[0], &signature(&base64::encode(&info))]);
    let text = base64::encode(&der(0x30, &[&info, ALGORITHM, &sealed]));
    let mut pem = format!("{BEGIN}\n");
    for line in text.as_bytes().chunks(LINE) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str(END);
    pem.push('\n');
    pem
}

/// Whom a certificate of this cluster names, as long as it holds.
pub fn verify(pem: &str, now: Time) -> Option<Subject> {
    let (body, _) = pem.split_once(BEGIN)?.1.split_once(END)?;
    let bytes = base64::decode(body.trim())?;
    let certificate = pkcs10::certificate(&bytes)?;
    let sealed = signature(&base64::encode(certificate.info));
    let now = der_time(now);
    let in_time =
        certificate.not_before <= now.as_slice() && now.as_slice() < certificate.not_after;
    (certificate.signature == sealed.as_slice() && in_time).then_some(certificate.subject)
}
