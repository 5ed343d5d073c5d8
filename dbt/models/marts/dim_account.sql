with
accounts as (select * from {{ ref('accounts') }})

select
    account_key,
    name_sv,
    name_en,
    statement,
    parent_account_key,
    natural_sign,
    is_subtotal,
    sort_order
from accounts
