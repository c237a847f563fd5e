using System.Text;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Daemon.Configuration;

namespace Hitless.Daemon.Tests.Configuration;

/// <summary>Units in one process, each with its own root folder and state; "the wire" is a method call that can be cut.</summary>
internal sealed class Bench : IDisposable
{
    public const string A = "/etc/a.conf";
    public const string B = "/etc/b.conf";
    private readonly string _folder = Directory.CreateTempSubdirectory("hc-").FullName;
    private readonly Dictionary<string, BenchUnit> _units = [];

    /// <summary>The files that each unit lists; commands may use <c>$root</c> (the unit's root folder).</summary>
    public IReadOnlyList<ManagedFileSettings> Listed { get; init; } =
    [new(A, "! grep -q bad {file}", "cat {file} > {file}.applied"), new(B, null, null)];

    /// <summary>How much more time has passed for the units than on this machine.</summary>
    public TimeSpan Ahead { get; set; }

    /// <summary>How far the units' wall clocks were set forwards, or (below zero) back.</summary>
    public TimeSpan Stepped { get; set; }

    public TimeSpan CommandTimeMax { get; init; } = TimeSpan.FromSeconds(10);

    public BenchUnit this[string name] => _units[name];

    public IEnumerable<string> Names => _units.Keys;

    public string Folder => _folder;

    public int KeepRevisions { get; init; } = 1000;

    public BenchUnit Add(string name, string? a = null, string? b = null, int schema = RevisionSchema.Newest)
    {
        var unit = new BenchUnit(this, name) { Schema = schema };
        _units[name] = unit;
        if (a is not null)
        {
            unit.Write(A, a);
        }

        if (b is not null)
        {
            unit.Write(B, b);
        }

        unit.Start();
        return unit;
    }

    public void Dispose()
    {
        foreach (var unit in _units.Values)
        {
            unit.Stop();
        }

        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>One unit of the bench: a service, its disk, and how it sees the others.</summary>
internal sealed class BenchUnit : IConfigurationPeers
{
    private readonly Bench _bench;

    public BenchUnit(Bench bench, string name)
    {
        (_bench, Name) = (bench, name);
        Directory.CreateDirectory(Root + "/etc");
    }

    public string Name { get; }

    public string Root => Path.Combine(_bench.Folder, Name);

    public string State => Path.Combine(_bench.Folder, Name + "-state");

    public ConfigurationService Service { get; private set; } = null!;

    /// <summary>The newest configuration schema that its version knows.</summary>
    public int Schema { get; init; } = RevisionSchema.Newest;

    /// <summary>Nobody reaches it, and it reaches nobody.</summary>
    public bool Cut { get; set; }

    /// <summary>Called before this unit answers; may throw to lose the answer.</summary>
    public Action<CommitPhase>? OnAsked { get; set; }

    public IReadOnlyList<string> Names => [.. _bench.Names.Where(n => n != Name && !_bench[n].Cut && !Cut)];

    public IReadOnlyList<string> Absent => [.. _bench.Names.Where(n => n != Name && (_bench[n].Cut || Cut))];

    public void Start(Action<string, byte[]>? write = null, Func<FileBefore, TimeSpan, Task>? writeManaged = null)
    {
        var settings = Settings(Name, _bench.Listed) with
        {
            Values = new Dictionary<string, string> { ["router-id"] = $"10.0.0.{Name[^1]}" },
            Keep = new KeepSettings(_bench.KeepRevisions, TimeSpan.Zero, 3),
        };
        var files = new ManagedFiles(
            new BenchWork(State, settings, writeManaged),
            _bench.CommandTimeMax,
            Template.ValuesOf(settings),
            Root,
            new ClusterFileHere(Root + "/unit.yaml", State)
        );
        Service = new ConfigurationService(
            settings,
            Root + "/unit.yaml",
            State,
            new Clock(_bench),
            store: new RevisionStore(State + "/configuration", write, _bench.KeepRevisions),
            files: files,
            schema: Schema
        );
    }

    public void Stop() => Service.Dispose();

    public void Write(string path, string content) => File.WriteAllText(Root + path, content);

    public string? Disk(string path) => File.Exists(Root + path) ? File.ReadAllText(Root + path) : null;

    public Task<CommitOutcome> Commit(string path, string content, string? parent = null, long epoch = 1) =>
        Service.CommitAsync(
            new CommitRequest(
                [new ManagedFile(path, Encoding.UTF8.GetBytes(content), null, null, null)],
                $"set {content}",
                "anna",
                parent,
                null
            ),
            epoch,
            this,
            CancellationToken.None
        );

    public Task<UnitAnswer> BecomePrimary(long epoch = 1) => Service.BecomePrimaryAsync(epoch, this, CancellationToken.None);

    public Task<UnitAnswer> SyncFrom(string unit) => Service.SyncFromAsync(unit, this, CancellationToken.None);

    public async Task<UnitAnswer> AskAsync(string unit, CommitPhase phase, Revision revision, CancellationToken cancel)
    {
        var asked = Reach(unit);
        asked.OnAsked?.Invoke(phase);
        return await asked.Service.Local.AnswerAsync(phase, revision, cancel);
    }

    public Task<UnitConfiguration> ReadAsync(string unit, CancellationToken cancel) => Reach(unit).Service.ReadLocalAsync(cancel);

    public Task<Revision?> FetchAsync(string unit, string hash, CancellationToken cancel) =>
        Reach(unit).Service.Local.FetchAsync(hash, cancel);

    public Task<Revision?> FindAsync(string unit, string reference, CancellationToken cancel) =>
        Reach(unit).Service.Local.FindAsync(reference, cancel);

    public Task<UnitBackup> DescribeUnitAsync(string unit, CancellationToken cancel) =>
        Reach(unit).Service.DescribeUnitAsync("1.0.0", cancel);

    public Task<UnitAnswer> FollowAsync(string unit, CancellationToken cancel) =>
        Reach(unit).Service.SyncFromAsync(Name, _bench[unit], cancel);

    public Task<CommitOutcome> RollBack(string reference, long epoch = 1, string? parent = null) =>
        Service.RollbackAsync(new RollbackRequest(reference, "anna", null, parent), epoch, this, CancellationToken.None);

    public Task<ConfigurationHistory> History() => Service.HistoryAsync(this, CancellationToken.None);

    public async Task<string> Diff(string from, string to) =>
        string.Concat((await Service.DiffAsync(from, to, this, CancellationToken.None)).Files!.Select(f => f.Text));

    public static UnitSettings Settings(string name, IReadOnlyList<ManagedFileSettings> files)
    {
        var text =
            $"cluster: {{ name: edge }}\nunit: {{ name: {name} }}\nheartbeat: {{ links: [{{ interface: hb0, address: 10.0.0.1, "
            + $"peers: [10.0.0.2] }}] }}\ninterfaces: [{{ name: lan0 }}]\n";
        return UnitFile.TryParse(Encoding.UTF8.GetBytes(text), "/unit.yaml", null, out var settings, out var problems)
            ? settings with
            {
                Files = files,
            }
            : throw new InvalidOperationException(string.Join("\n", problems));
    }

    private sealed class Clock(Bench bench) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + bench.Ahead + bench.Stepped;

        public override long GetTimestamp() => System.GetTimestamp() + (long)(bench.Ahead.TotalSeconds * TimestampFrequency);
    }

    private BenchUnit Reach(string unit) => Cut || _bench[unit].Cut ? throw new IOException("cut off") : _bench[unit];
}

/// <summary>A unit's own work, with power cuts at writes.</summary>
internal sealed class BenchWork(string state, UnitSettings settings, Func<FileBefore, TimeSpan, Task>? write) : OwnRootWork(state, settings)
{
    public override Task WriteAsync(FileBefore wanted, TimeSpan timeMax) =>
        write is null ? base.WriteAsync(wanted, timeMax) : write(wanted, timeMax);
}
