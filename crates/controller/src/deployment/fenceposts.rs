//! How far a rollout may stray: 10 replicas with 25 % and 25 % may surge by 3 and miss 2.
//! Models ResolveFenceposts and NewRSNewReplicas in deployment_util.go.

use api::Deployment;
use apimachinery::int_or_string::{IntOrString, IntOrStringError, Round};

fn clamp(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(if number < 0 { i32::MIN } else { i32::MAX })
}

/// `(surge, unavailable)` in pods. Surge rounds up, unavailable down; where both come out as
/// nothing, one may be unavailable, for a rollout must be able to move.
pub fn resolve_fenceposts(
    max_surge: Option<&IntOrString>,
    max_unavailable: Option<&IntOrString>,
    desired: i32,
) -> Result<(i32, i32), IntOrStringError> {
    let scaled = |value: Option<&IntOrString>, round| {
        value.map_or(Ok(0), |value| value.scaled_value(i64::from(desired), round)).map(clamp)
    };
    let surge = scaled(max_surge, Round::Up)?;
    let unavailable = scaled(max_unavailable, Round::Down)?;
    Ok(if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) })
}

/// Errors of the strategy's numbers were caught by validation and count as zero here.
fn fenceposts(d: &Deployment) -> (i32, i32) {
    let rolling = d.spec.strategy.rolling_update.as_ref();
    let surge = rolling.and_then(|r| r.max_surge.as_ref());
    let unavailable = rolling.and_then(|r| r.max_unavailable.as_ref());
    resolve_fenceposts(surge, unavailable, replicas(d)).unwrap_or((0, 0))
}

pub fn replicas(d: &Deployment) -> i32 {
    d.spec.replicas.unwrap_or(0)
}

pub fn is_rolling_update(d: &Deployment) -> bool {
    d.spec.strategy.type_ == "RollingUpdate"
}

pub fn max_unavailable(d: &Deployment) -> i32 {
    if !is_rolling_update(d) || replicas(d) == 0 {
        return 0;
    }
    fenceposts(d).1.min(replicas(d))
}

pub fn max_surge(d: &Deployment) -> i32 {
    if is_rolling_update(d) { fenceposts(d).0 } else { 0 }
}

/// The size the new ReplicaSet should have. `total` is what all of them have now, `new` what the
/// new one has.
pub fn new_replica_set_replicas(
    d: &Deployment,
    total: i32,
    new: i32,
) -> Result<i32, IntOrStringError> {
    if !is_rolling_update(d) {
        return Ok(replicas(d));
    }
    let rolling = d.spec.strategy.rolling_update.as_ref();
    let surge = rolling.and_then(|r| r.max_surge.as_ref());
    let surge = surge.map_or(Ok(0), |s| s.scaled_value(i64::from(replicas(d)), Round::Up))?;
    let most = replicas(d).saturating_add(clamp(surge));
    if total >= most {
        return Ok(new);
    }
    let room = most.saturating_sub(total);
    Ok(new.saturating_add(room.min(replicas(d).saturating_sub(new))))
}

#[cfg(test)]
mod tests {
    use api::apps::deployment::{DeploymentStrategy, RollingUpdateDeployment};
    use serde_json::Value;

    use super::*;

    /// Vectors of one kind: those of a file that is named, or the ones kept here.
    #[allow(clippy::disallowed_methods, reason = "other recordings may be named")]
    fn cases(key: &str, kept: &str) -> Vec<Value> {
        let all = match std::env::var("KUBARIUM_VECTORS") {
            Ok(path) => {
                let text = std::fs::read_to_string(path).unwrap();
                serde_json::from_str::<Value>(&text).unwrap()[key].take()
            }
            Err(_) => serde_json::from_str(kept).unwrap(),
        };
        serde_json::from_value(all).unwrap()
    }

    fn amount(case: &Value, name: &str) -> IntOrString {
        IntOrString::parse(case[name].as_str().unwrap())
    }

    fn number(case: &Value, name: &str) -> i32 {
        i32::try_from(case[name].as_i64().unwrap()).unwrap()
    }

    #[test]
    fn fenceposts_are_upstream_s() {
        let all = cases("fenceposts", include_str!("../../tests/data/fenceposts.json"));
        assert!(!all.is_empty());
        for case in all {
            let (surge, unavailable) = (amount(&case, "maxSurge"), amount(&case, "maxUnavailable"));
            let got =
                resolve_fenceposts(Some(&surge), Some(&unavailable), number(&case, "desired"));
            match case["err"].as_str() {
                None => {
                    let want = (number(&case, "surge"), number(&case, "unavailable"));
                    assert_eq!(got, Ok(want), "{case}");
                }
                Some(error) => assert_eq!(got.unwrap_err().to_string(), error, "{case}"),
            }
        }
    }

    #[test]
    fn new_sizes_are_upstream_s() {
        let kept = include_str!("../../tests/data/new_rs_new_replicas.json");
        let all = cases("new_rs_new_replicas", kept);
        assert!(!all.is_empty());
        for case in all {
            let mut d = Deployment::default();
            d.spec.replicas = Some(number(&case, "desired"));
            d.spec.strategy = DeploymentStrategy {
                type_: "RollingUpdate".into(),
                rolling_update: Some(RollingUpdateDeployment {
                    max_surge: Some(amount(&case, "maxSurge")),
                    max_unavailable: Some(amount(&case, "maxUnavailable")),
                    ..RollingUpdateDeployment::default()
                }),
                ..DeploymentStrategy::default()
            };
            let (new, old) = (number(&case, "new"), number(&case, "old"));
            let got = new_replica_set_replicas(&d, new + old, new).unwrap();
            assert_eq!(got, number(&case, "newReplicas"), "{case}");
            assert_eq!(max_surge(&d), number(&case, "maxSurgeResolved"), "{case}");
            assert_eq!(max_unavailable(&d), number(&case, "maxUnavailableResolved"), "{case}");
        }
    }
}
