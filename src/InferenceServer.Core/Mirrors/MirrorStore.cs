using System.Globalization;
using System.IO.Abstractions;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Mirrors;

/// <summary>
/// The copy of one remote repository on disk. <c>units</c> holds what was downloaded, each unit written whole before it gets its name and never changed after that; <c>models</c> holds links, one a model, and
/// is what is scanned. A model changes from one moment to the next, by its link; what is being loaded goes on reading the unit that it began with. A crash leaves at most what lies in <c>tmp</c>, which the next start deletes.
/// </summary>
/// <param name="files">The file system.</param>
/// <param name="root">The folder of this repository.</param>
/// <param name="budget">What all copies may take together.</param>
/// <param name="logger">Where it is told.</param>
internal sealed class MirrorStore(IFileSystem files, string root, MirrorBudget budget, ILogger logger)
{
    /// <summary>Only the server's own user comes near.</summary>
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>The folder of all that was downloaded.</summary>
    public const string UnitsName = "units";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, MirrorManifest> _units = new(StringComparer.Ordinal);

    // The file that holds an object by now.
    private readonly Dictionary<(string Key, long Size, string Tag), string> _objects = [];

    // By model: the units that its link leads to, and those that it led to before, which a load may still be reading.
    private readonly Dictionary<string, HashSet<string>> _current = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _previous = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _links = new(StringComparer.Ordinal);
    private readonly HashSet<string> _pinned = new(StringComparer.Ordinal);
    private long _count;

    /// <summary>The folder that is scanned.</summary>
    public string Models { get; } = files.Path.Combine(root, "models");

    /// <summary>The folder that its links stay in.</summary>
    public string Root => root;

    private string Units { get; } = files.Path.Combine(root, UnitsName);

    private string Scratch { get; } = files.Path.Combine(root, "tmp");

    /// <summary>Makes the folders, or takes over what an earlier process has left that is whole.</summary>
    /// <exception cref="IOException">There is no place to write to.</exception>
    /// <exception cref="UnauthorizedAccessException">There is no place to write to.</exception>
    public void Open()
    {
        CreatePrivate(files, root);
        budget.Add(this);
        foreach (var left in new[] { Scratch, Models }.Where(files.Directory.Exists))
        {
            // Links are deleted as links. What they led to is linked again when it has been found to be what the repository holds.
            files.Directory.Delete(left, recursive: true);
        }

        CreatePrivate(files, Scratch);
        CreatePrivate(files, Models);
        CreatePrivate(files, Units);
        foreach (var folder in files.Directory.EnumerateDirectories(Units).OrderBy(folder => files.Directory.GetLastWriteTimeUtc(folder)).ToArray())
        {
            if (MirrorManifest.Read(files, folder) is { } manifest)
            {
                Remember(files.Path.GetFileName(folder), manifest);
                budget.Count(manifest.Size);
            }
            else
            {
                files.Directory.Delete(folder, recursive: true);
            }
        }
    }

    /// <summary>Makes a folder, and those above it, that nobody else can read.</summary>
    public static void CreatePrivate(IFileSystem files, string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            files.Directory.CreateDirectory(folder);
        }
        else
        {
            files.Directory.CreateDirectory(folder, Private);
        }
    }

    /// <summary>A path in this file system where nothing is.</summary>
    public string NewScratch() => files.Path.Combine(Scratch, Interlocked.Increment(ref _count).ToString(CultureInfo.InvariantCulture));

    /// <summary>Keeps a unit from being deleted until it is linked or given up; true when it is there already.</summary>
    public bool Pin(string unit)
    {
        lock (_lock)
        {
            _pinned.Add(unit);
            return _units.ContainsKey(unit);
        }
    }

    /// <summary>The file of an object that is there in another unit; null for none.</summary>
    public string? Find(RemoteObject one)
    {
        lock (_lock)
        {
            return _objects.GetValueOrDefault((one.Key, one.Size, one.Tag));
        }
    }

    /// <summary>Takes bytes for a unit, for which others go that nothing leads to.</summary>
    /// <exception cref="MirrorProblemException">There is no room.</exception>
    public void Reserve(long bytes)
    {
        if (budget.TryMakeRoom(this, bytes))
        {
            return;
        }

        throw new MirrorProblemException($"it needs {bytes} more bytes of the cache of remote repositories, which has {Math.Max(0, budget.Limit - budget.Used)} of {budget.Limit} left (--repository-cache-max-bytes)");
    }

    /// <summary>Deletes a unit that nothing leads to; false when there is none.</summary>
    public bool TryEvict()
    {
        lock (_lock)
        {
            var inUse = _current.Values.Concat(_previous.Values).SelectMany(static units => units).ToHashSet(StringComparer.Ordinal);
            var unit = _units.Keys.FirstOrDefault(unit => !inUse.Contains(unit) && !_pinned.Contains(unit));
            if (unit is null)
            {
                return false;
            }

            Delete(unit);
            return true;
        }
    }

    /// <summary>Gives a unit that is whole its name.</summary>
    /// <param name="unit">The unit, which <see cref="Pin"/> knows.</param>
    /// <param name="model">The model that it belongs to.</param>
    /// <param name="folder">Where it has been written.</param>
    public void Adopt(MirrorUnit unit, string model, string folder)
    {
        var manifest = new MirrorManifest(model, unit.Files);
        files.File.WriteAllText(files.Path.Combine(folder, MirrorManifest.FileName), manifest.Write());
        lock (_lock)
        {
            files.Directory.Move(folder, files.Path.Combine(Units, unit.Id));
            Remember(unit.Id, manifest);
        }
    }

    /// <summary>Deletes what is there of a unit that will not be whole.</summary>
    public void GiveUp(string folder, long bytes)
    {
        budget.Return(bytes);
        try
        {
            if (files.Directory.Exists(folder))
            {
                files.Directory.Delete(folder, recursive: true);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            MirrorLog.NotDeleted(logger, exception);
        }
    }

    /// <summary>Has a model's name lead to a unit, from one moment to the next.</summary>
    public void Link(RemoteModel model, IReadOnlyList<MirrorUnit> units)
    {
        var entry = units[^1].Entry;
        var target = files.Path.Combine("..", UnitsName, units[^1].Id, entry);
        lock (_lock)
        {
            FolderLink.Set(files, files.Path.Combine(Models, entry), target, !model.IsBareFile, model.LastWriteUtc, NewScratch());
            if (_links.TryGetValue(model.Name, out var other) && other != entry)
            {
                // It was a file and has become a folder, or the other way round.
                FolderLink.Remove(files, files.Path.Combine(Models, other));
            }

            _links[model.Name] = entry;
            var now = units.Select(static unit => unit.Id).ToHashSet(StringComparer.Ordinal);
            if (_current.TryGetValue(model.Name, out var before) && !before.SetEquals(now))
            {
                DeleteAll(_previous.GetValueOrDefault(model.Name, []), now, before);
                _previous[model.Name] = before;
            }

            _current[model.Name] = now;
            DeleteAll(_units.Where(unit => unit.Value.Model == model.Name).Select(static unit => unit.Key), now, _previous.GetValueOrDefault(model.Name, []));
        }
    }

    /// <summary>Ends what <see cref="Pin"/> has begun.</summary>
    public void Unpin(IEnumerable<MirrorUnit> units)
    {
        lock (_lock)
        {
            _pinned.ExceptWith(units.Select(static unit => unit.Id));
        }
    }

    /// <summary>Removes a model, and deletes what was stored of it.</summary>
    public void Remove(string model)
    {
        lock (_lock)
        {
            Unlink(model);
            DeleteAll(_units.Where(unit => unit.Value.Model == model).Select(static unit => unit.Key), [], []);
        }
    }

    /// <summary>Nothing leads to what is stored of a model any more.</summary>
    public void Release(string model)
    {
        lock (_lock)
        {
            Unlink(model);
        }
    }

    /// <summary>Deletes what models led to before: whoever was reading it has been told of the change by now.</summary>
    public void DeletePrevious()
    {
        lock (_lock)
        {
            foreach (var (model, units) in _previous)
            {
                DeleteAll(units, _current.GetValueOrDefault(model, []), []);
            }

            _previous.Clear();
        }
    }

    /// <summary>Deletes what is stored of models that there are no more.</summary>
    /// <param name="isThere">Says whether there is a model of a name.</param>
    public void Tidy(Func<string, bool> isThere)
    {
        lock (_lock)
        {
            DeleteAll(_units.Where(unit => !isThere(unit.Value.Model) && !_current.ContainsKey(unit.Value.Model)).Select(static unit => unit.Key), [], []);
        }
    }

    private void Unlink(string model)
    {
        if (_links.TryGetValue(model, out var entry))
        {
            FolderLink.Remove(files, files.Path.Combine(Models, entry));
            _links.Remove(model);
        }

        _current.Remove(model);
        _previous.Remove(model);
    }

    private void DeleteAll(IEnumerable<string> units, HashSet<string> except, HashSet<string> alsoExcept)
    {
        foreach (var unit in units.Where(unit => !except.Contains(unit) && !alsoExcept.Contains(unit) && !_pinned.Contains(unit)).ToArray())
        {
            Delete(unit);
        }
    }

    private void Delete(string unit)
    {
        if (!_units.Remove(unit, out var manifest))
        {
            return;
        }

        foreach (var (path, one) in manifest.Files)
        {
            if (_objects.GetValueOrDefault((one.Key, one.Size, one.Tag)) == PathOf(unit, path))
            {
                _objects.Remove((one.Key, one.Size, one.Tag));
            }
        }

        try
        {
            // Under another name first: half of a unit must not be taken for one after a crash.
            var scratch = NewScratch();
            files.Directory.Move(files.Path.Combine(Units, unit), scratch);
            files.Directory.Delete(scratch, recursive: true);
            budget.Return(manifest.Size);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It goes on taking its room until the next start.
            MirrorLog.NotDeleted(logger, exception);
        }
    }

    private void Remember(string unit, MirrorManifest manifest)
    {
        _units[unit] = manifest;
        foreach (var (path, one) in manifest.Files)
        {
            _objects[(one.Key, one.Size, one.Tag)] = PathOf(unit, path);
        }
    }

    private string PathOf(string unit, string path) => files.Path.Combine(Units, unit, path);
}
