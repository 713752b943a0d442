//! Arithmetic on amounts by resource name.
// Models apiserver/pkg/quota/v1/resources.go and component-helpers/resource/helpers.go.

use smol_str::SmolStr;

use super::container::ResourceList;

/// Adds every amount of `list` to `sum`.
pub fn add(sum: &mut ResourceList, list: &ResourceList) {
    for (name, amount) in list {
        match sum.get_mut(name) {
            Some(total) => total.add(amount),
            None => {
                sum.insert(name.clone(), amount.clone());
            }
        }
    }
}

/// Raises `sum` to the amounts of `list` where those are larger.
pub fn raise(sum: &mut ResourceList, list: &ResourceList) {
    for (name, amount) in list {
        if sum.get(name).is_none_or(|known| amount > known) {
            sum.insert(name.clone(), amount.clone());
        }
    }
}

/// What is in `list` more than in `less`; nothing falls below zero.
pub fn increase(list: &ResourceList, less: &ResourceList) -> ResourceList {
    let left = |(name, amount): (&SmolStr, &apimachinery::quantity::Quantity)| {
        let mut left = amount.clone();
        if let Some(less) = less.get(name) {
            left.sub(less);
        }
        (left.signum() > 0).then(|| (name.clone(), left))
    };
    list.iter().filter_map(left).collect()
}

/// The amounts of those names that `names` has too.
pub fn mask(list: &ResourceList, names: &ResourceList) -> ResourceList {
    let both = list.iter().filter(|(name, _)| names.contains_key(*name));
    both.map(|(name, amount)| (name.clone(), amount.clone())).collect()
}

/// `cpu=1,memory=2Gi`
pub fn pretty(list: &ResourceList) -> String {
    let parts: Vec<String> = list.iter().map(|(name, amount)| format!("{name}={amount}")).collect();
    parts.join(",")
}
