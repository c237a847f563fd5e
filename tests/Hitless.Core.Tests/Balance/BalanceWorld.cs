using Hitless.Core.Balance;
using Hitless.Core.Wire;

namespace Hitless.Core.Tests.Balance;

/// <summary>
/// A primary's balance machine in virtual time, with the units that it shares with. Each unit's sessions are a position in its stream; what
/// another has applied of it is checked whenever a bucket moves (rule 2).
/// </summary>
internal sealed class BalanceWorld : IBalanceEffects
{
    public static readonly UnitId Self = new(1);
    private readonly Queue<(TimeSpan At, Action Act)> due = new();
    private readonly Dictionary<UnitId, long> told = [];
    private readonly Dictionary<(UnitId At, UnitId Of), long> applied = [];
    private readonly Dictionary<UnitId, BalanceUnit> units = [];
    private readonly HashSet<UnitId> open = [];
    private readonly Dictionary<UnitId, TimeSpan> goneAt = [];
    private UnitId[] carriers = [];
    private string? whyOff;

    public BalanceWorld(int others, BalanceOptions? options = null)
    {
        Options = options ?? new BalanceOptions(Self, 1);
        Machine = new BalanceMachine(Options);
        for (var number = 2; number < 2 + others; number++)
        {
            UnitId unit = new((ulong)number);
            units[unit] = new BalanceUnit(unit, $"gw{number}", 1, null);
        }

        Kernel = [.. Enumerable.Repeat(Self, BucketAssignment.Buckets)];
    }

    public BalanceOptions Options { get; }

    public BalanceMachine Machine { get; }

    public TimeSpan Now { get; private set; }

    /// <summary>Who forwards each bucket by the kernel's table.</summary>
    public UnitId[] Kernel
    {
        get;
        private set
        {
            field = value;
            carriers = [.. value.Distinct()];
        }
    }

    public List<string> Lines { get; } = [];

    /// <summary>Buckets that moved although the sessions were not confirmed: from a unit that may not carry on.</summary>
    public int Forced { get; private set; }

    /// <summary>How many buckets changed hands in the largest single transaction that gave a unit more.</summary>
    public int LargestStep { get; private set; }

    /// <summary>What the barrier answers.</summary>
    public Func<UnitId, UnitId, bool> Confirms { get; set; } = (_, _) => true;

    /// <summary>What the kernel answers.</summary>
    public bool KernelWorks { get; set; } = true;

    public bool Has(int number) => units.ContainsKey(Id(number));

    public int Of(int number) => Of(Id(number));

    public static UnitId Id(int number) => new((ulong)number);

    public void BecomePrimary()
    {
        Step(new BalanceInput.BecamePrimary());
        See();
    }

    public void LosePrimary() => Step(new BalanceInput.LostPrimary());

    public void Off(string? why)
    {
        whyOff = why;
        See();
    }

    public void Set(int number, string? obstacle, bool gone = false)
    {
        var unit = Id(number);
        units[unit] = units[unit] with { Obstacle = obstacle, Gone = gone };
        if (gone)
        {
            open.Remove(unit);
            goneAt[unit] = Now;
        }

        See();
    }

    public void See() => Step(new BalanceInput.Seen([.. units.Values], whyOff));

    /// <summary>Lets time pass; every unit that carries makes sessions meanwhile, and tells them to whoever is open.</summary>
    public void Run(TimeSpan time)
    {
        for (var until = Now + time; Now < until; Now += TimeSpan.FromMilliseconds(10))
        {
            foreach (var owner in carriers)
            {
                told[owner] = told.GetValueOrDefault(owner) + 1;
            }

            while (due.TryPeek(out var first) && first.At <= Now)
            {
                due.Dequeue().Act();
            }

            if (Now >= Machine.NextDeadline)
            {
                Step(new BalanceInput.Tick());
            }
        }
    }

    void IBalanceEffects.Open(UnitId unit) =>
        Later(() =>
        {
            var there = !units[unit].Gone;
            if (there)
            {
                open.Add(unit);
            }

            Step(new BalanceInput.Opened(unit, there));
        });

    void IBalanceEffects.Close(UnitId unit)
    {
        Assert(Of(unit) == 0, $"{unit} was closed while it had buckets");
        open.Remove(unit);
    }

    void IBalanceEffects.Barrier(RequestId request, UnitId from, UnitId to)
    {
        Assert(to == Self || open.Contains(to), $"{to} was to get buckets, and does not follow the others' sessions");
        Later(() =>
        {
            var ok = Confirms(from, to);
            if (ok)
            {
                applied[(to, from)] = told.GetValueOrDefault(from);
            }

            Step(new BalanceInput.Passed(request, ok));
        });
    }

    void IBalanceEffects.Write(RequestId request, ReadOnlySpan<UnitId> owners)
    {
        var next = owners.ToArray();
        Later(() =>
        {
            if (!KernelWorks)
            {
                Kernel = [.. Enumerable.Repeat(Self, BucketAssignment.Buckets)];
                Step(new BalanceInput.Written(request, false));
                return;
            }

            foreach (var step in Enumerable.Range(0, next.Length).Where(each => next[each] != Kernel[each]).GroupBy(each => next[each]))
            {
                LargestStep = step.Key == Self ? LargestStep : Math.Max(LargestStep, step.Count());
                foreach (var former in step.Select(bucket => Kernel[bucket]).Distinct())
                {
                    Move(former, step.Key, step.Count(bucket => Kernel[bucket] == former));
                }
            }

            Kernel = next;
            Step(new BalanceInput.Written(request, true));
        });
    }

    void IBalanceEffects.Withdraw() => Kernel = [.. Enumerable.Repeat(Self, BucketAssignment.Buckets)];

    void IBalanceEffects.Record(string text) => Lines.Add(text);

    /// <summary>Rule 2 for each bucket: what its former owner told 200 ms before and earlier is held by the new one.</summary>
    private void Move(UnitId from, UnitId to, int count)
    {
        if (goneAt.TryGetValue(from, out var at) && Now - at <= TimeSpan.FromMilliseconds(50))
        {
            return;
        }

        var held = applied.GetValueOrDefault((to, from), -1);
        if (held >= told.GetValueOrDefault(from) - 20)
        {
            return;
        }

        Assert(from != Self && !units[from].Fit || whyOff is not null, $"{count} buckets moved from {from} to {to} before their sessions");
        Forced += count;
    }

    private int Of(UnitId unit) => Kernel.Count(owner => owner == unit);

    private void Later(Action act) => due.Enqueue((Now + TimeSpan.FromMilliseconds(20), act));

    private void Step(BalanceInput input)
    {
        Machine.Step(input, Now, this);
        for (var bucket = 0; bucket < BucketAssignment.Buckets; bucket++)
        {
            var owner = Machine.OwnerOf(bucket);
            Assert(owner == Self || units.ContainsKey(owner), $"bucket {bucket} has no owner that is there");
        }
    }

    private static void Assert(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidOperationException(otherwise);
        }
    }
}
