using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;

namespace InferenceServer.Backends.Onnx.Sessions;

/// <summary>
/// Files other than the model's that a session uses. A configuration may come from a client that loads a model, so it names them only within folders that whoever runs the
/// server has given for that.
/// </summary>
internal sealed record SessionFiles
{
    /// <summary>The server's setting for the folder that profiles are written to.</summary>
    public const string ProfileFolderKey = "profile-folder";

    /// <summary>The server's setting for the folder that libraries of operators lie in.</summary>
    public const string LibraryFolderKey = "custom-op-folder";

    public const string ProfileKey = "enable_profiling";
    public const string LibrariesKey = "custom_op_libraries";
    private const string LibrariesField = "model_operations.op_library_filename";

    /// <summary>Where the names of profiles begin; null for none.</summary>
    public string? ProfilePrefix { get; init; }

    /// <summary>Libraries with operators, by their whole paths.</summary>
    public ImmutableArray<string> Libraries { get; init; } = [];

    public static SessionFiles Read(ModelLoadContext context, SettingValues server, SettingValues model) => new()
    {
        ProfilePrefix = ReadProfile(context, server.Text(ProfileFolderKey), model),
        Libraries = ReadLibraries(context, server.Text(LibraryFolderKey), model),
    };

    private static string? ReadProfile(ModelLoadContext context, string? folder, SettingValues model)
    {
        if (model.Switch(ProfileKey) != true)
        {
            return null;
        }

        if (string.IsNullOrEmpty(folder))
        {
            model.Errors.Add($"parameter '{ProfileKey}': expected the server to run with the backend setting {ProfileFolderKey}=<folder>, which says where profiles are written");
            return null;
        }

        var name = string.Concat(context.ModelName.Select(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.' ? letter : '_'));
        return Path.Combine(Path.GetFullPath(folder), FormattableString.Invariant($"{name}_{context.Version}"));
    }

    private static ImmutableArray<string> ReadLibraries(ModelLoadContext context, string? folder, SettingValues model)
    {
        var wanted = context.OperatorLibraries.Select(static name => (Words: LibrariesField, Name: name))
            .Concat((model.Text(LibrariesKey)?.Split(',', StringSplitOptions.TrimEntries) ?? []).Select(static name => (Words: $"parameter '{LibrariesKey}'", Name: name)))
            .ToList();
        if (wanted.Count == 0)
        {
            return [];
        }

        if (string.IsNullOrEmpty(folder))
        {
            model.Errors.Add($"{wanted[0].Words}: expected the server to run with the backend setting {LibraryFolderKey}=<folder>, which says where they may lie");
            return [];
        }

        var libraries = ImmutableArray.CreateBuilder<string>();
        foreach (var (words, name) in wanted)
        {
            if (name.Length == 0 || name is "." or ".." || name.AsSpan().ContainsAny('/', '\\', '\0'))
            {
                model.Errors.Add($"{words}: expected plain names of files in the server's folder for them, got '{name}'");
            }
            else
            {
                libraries.Add(Path.Combine(Path.GetFullPath(folder), name));
            }
        }

        return [.. libraries.Distinct(StringComparer.Ordinal)];
    }
}
