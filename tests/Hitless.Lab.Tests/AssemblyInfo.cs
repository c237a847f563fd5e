// Every scenario wants the machine for itself: two at a time would measure each other.
[assembly: Xunit.CollectionBehavior(DisableTestParallelization = true)]
