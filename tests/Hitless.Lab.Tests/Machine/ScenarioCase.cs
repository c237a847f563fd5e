using Hitless.Lab.Machine;
using Xunit.Sdk;
using Xunit.v3;

namespace Hitless.Lab.Tests.Machine;

/// <summary>
/// A test of milliseconds on a machine that others use too. When it fails, and a processor stood still while it ran, the trial proves
/// nothing and is made again, up to three times in all; the last one counts whatever the machine did. A failure on a machine that kept
/// going counts at once, and a success always does.
/// </summary>
public sealed class ScenarioCase : XunitTestCase, ISelfExecutingXunitTestCase
{
    /// <summary>For the deserializer.</summary>
    [Obsolete("Called by the deserializer only.")]
    public ScenarioCase() { }

    /// <summary>As another case has it.</summary>
    public ScenarioCase(XunitTestCase other)
        : base(
            other.TestMethod,
            other.TestCaseDisplayName,
            other.UniqueID,
            other.Explicit,
            other.SkipExceptions,
            other.SkipReason,
            other.SkipType,
            other.SkipUnless,
            other.SkipWhen,
            other.Traits.ToDictionary(trait => trait.Key, trait => trait.Value.ToHashSet()),
            other.TestMethodArguments,
            other.SourceFilePath,
            other.SourceLineNumber,
            other.Timeout
        ) { }

    /// <inheritdoc/>
    public async ValueTask<RunSummary> Run(
        ExplicitOption explicitOption,
        IMessageBus messageBus,
        object?[] constructorArguments,
        ExceptionAggregator aggregator,
        CancellationTokenSource cancellationTokenSource
    )
    {
        var tests = await aggregator.RunAsync(CreateTests, []);
        return await new Trials().Run(
            this,
            tests,
            messageBus,
            aggregator,
            cancellationTokenSource,
            TestCaseDisplayName,
            SkipReason,
            explicitOption,
            constructorArguments
        );
    }

    private sealed class Trials : XunitTestCaseRunner
    {
        private const int Most = 3;
        private static readonly Lazy<MachineWatch> Machine = new(() => new MachineWatch());

        protected override async ValueTask<RunSummary> RunTest(XunitTestCaseRunnerContext ctxt, IXunitTest test)
        {
            for (var trial = 1; ; trial++)
            {
                var messages = new HeldMessages(ctxt.MessageBus);
                var began = DateTimeOffset.UtcNow;
                await Machine.Value.Watching;
                var aggregator = ctxt.Aggregator.Clone();
                var result = await XunitTestRunner.Instance.Run(
                    test,
                    messages,
                    ctxt.ConstructorArguments,
                    ctxt.ExplicitOption,
                    aggregator,
                    ctxt.CancellationTokenSource,
                    ctxt.BeforeAfterTestAttributes
                );
                var still = Machine.Value.Since(began);
                if (
                    (result.Failed == 0 && !aggregator.HasExceptions)
                    || still.Count == 0
                    || trial == Most
                    || ctxt.CancellationTokenSource.IsCancellationRequested
                )
                {
                    messages.Release();
                    ctxt.Aggregator.Aggregate(aggregator);
                    return result;
                }

                Console.WriteLine($"TRIED AGAIN: {test.TestDisplayName}: {still.MaxBy(seen => seen.Milliseconds)}");
                Console.WriteLine($"  it failed: {string.Join(' ', messages.Failures).ReplaceLineEndings(" ")}");
            }
        }
    }

    // What a trial says is told only when the trial counts.
    private sealed class HeldMessages(IMessageBus bus) : IMessageBus
    {
        private readonly Lock _lock = new();
        private readonly List<IMessageSinkMessage> _held = [];

        public IEnumerable<string> Failures => _held.OfType<ITestFailed>().SelectMany(failed => failed.Messages);

        public bool QueueMessage(IMessageSinkMessage message)
        {
            lock (_lock)
            {
                _held.Add(message);
            }

            return true;
        }

        public void Release() => _held.ForEach(message => bus.QueueMessage(message));

        public void Dispose() { }
    }
}
