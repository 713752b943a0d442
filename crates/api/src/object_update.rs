//! What all kinds' update rules share.

use apimachinery::meta::ObjectMeta;

/// Keeps the generation, or moves it by one where the spec changed.
pub fn move_generation(new: &mut ObjectMeta, old: &ObjectMeta, changed: bool) {
    new.generation = old.generation + i64::from(changed);
}

/// A deletion that has begun stays as it is, whatever the writer sent.
pub fn keep_deletion(new: &mut ObjectMeta, old: &ObjectMeta) {
    let (stamp, grace) = (old.deletion_timestamp(), old.deletion_grace_period_seconds());
    if new.deletion_timestamp() == stamp && new.deletion_grace_period_seconds() == grace {
        return;
    }
    let rare = new.rare_mut();
    rare.deletion_timestamp = stamp;
    rare.deletion_grace_period_seconds = grace;
    new.tidy();
}
