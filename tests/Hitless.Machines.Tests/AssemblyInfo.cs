// One emulated cluster fills the machine.
[assembly: Xunit.CollectionBehavior(DisableTestParallelization = true)]
[assembly: Xunit.AssemblyFixture(typeof(Hitless.Machines.Tests.Machines.EmulatedCluster))]
