using System.IO.Abstractions;
using InferenceServer.Core.Repository;

namespace InferenceServer.Host.Options;

/// <summary>Reads <c>--model-name</c> and <c>--model-dir</c>, which go together.</summary>
/// <param name="files">The file system, to see that the folder exists.</param>
/// <param name="values">The options.</param>
/// <param name="errors">Receives what is wrong.</param>
internal sealed class SingleModelReader(IFileSystem files, OptionValues values, List<string> errors)
{
    /// <summary>
    /// True when the model of <c>--model-dir</c> is all that is served: when no repository is named beside it. One of the environment, as an image has it, is not beside the command line.
    /// </summary>
    public static bool IsAlone(OptionValues values)
    {
        var (folders, source) = values.Raw(OptionTable.ModelDirectory);
        var (repositories, repositorySource) = values.Raw(OptionTable.ModelRepository);
        return folders[^1].Length > 0
            && (repositories is [var only] && only == OptionTable.ModelRepository.Default || (IsFromLine(source) && !IsFromLine(repositorySource)));
    }

    /// <summary>Reads both; null when neither is given, or one of them cannot be used.</summary>
    public SingleModel? Read()
    {
        var (name, folder) = (Last(OptionTable.ModelName), Last(OptionTable.ModelDirectory));
        if (name.Value.Length == 0 && folder.Value.Length == 0)
        {
            return null;
        }

        var before = errors.Count;
        if (name.Value.Length == 0 || folder.Value.Length == 0)
        {
            var (given, missing) = name.Value.Length == 0 ? (folder, OptionTable.ModelName) : (name, OptionTable.ModelDirectory);
            errors.Add($"{given.Source}: expected --{missing.Flag} beside it");
        }

        if (name.Value.Length > 0 && !ModelNames.IsValid(name.Value))
        {
            errors.Add($"{name.Source}: expected a name that a model's folder could have, got '{name.Value}'");
        }

        if (folder.Value.Length > 0 && !files.Directory.Exists(folder.Value))
        {
            errors.Add($"{folder.Source}: the folder '{folder.Value}' does not exist");
        }

        if (values.Boolean(OptionTable.ModelNamespacing))
        {
            errors.Add($"{values.Raw(OptionTable.ModelNamespacing).Source}: a model of --{OptionTable.ModelDirectory.Flag} is in no repository and so in no namespace; expected one of the two");
        }

        return errors.Count == before ? new SingleModel(folder.Value, name.Value) : null;
    }

    private static bool IsFromLine(string source) => source.StartsWith("--", StringComparison.Ordinal);

    private (string Value, string Source) Last(OptionDefinition option)
    {
        var (given, source) = values.Raw(option);
        return (given[^1], source);
    }
}
