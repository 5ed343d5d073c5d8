"""Facts of other publishers beside the reports: inhabitants, accounts, Kolada, prices, similar municipalities."""
