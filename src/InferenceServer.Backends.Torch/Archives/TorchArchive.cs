using System.Collections.Immutable;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Backends.Torch.Signatures;

namespace InferenceServer.Backends.Torch.Archives;

/// <summary>
/// What a TorchScript file tells of itself before libtorch sees it: it is a zip archive whose code is text, with the types of every method.
/// </summary>
/// <param name="Folder">The folder that everything in the archive lies in, with its slash.</param>
/// <param name="RootModule">The module of the model's own class, such as <c>__torch__.models</c>.</param>
/// <param name="RootClass">The class's name there.</param>
/// <param name="Code">The files of code, by their full names in the archive.</param>
/// <param name="WeightBytes">What the tensors take.</param>
internal sealed record TorchArchive(string Folder, string RootModule, string RootClass, ImmutableDictionary<string, string> Code, long WeightBytes)
{
    /// <summary>The file that the model's own class is in.</summary>
    public string RootFile => FileOf(RootModule);

    /// <summary>True when a call may change what a module keeps, so that what one request does shows in the next.</summary>
    public bool ChangesItself { get; } = Code.Values.Any(StateChange.IsIn);

    /// <summary>The model's own class.</summary>
    /// <exception cref="BackendException">The code does not have it.</exception>
    public TorchClass FindRoot() =>
        Code.TryGetValue(RootFile, out var code) && TorchClass.Find(code, RootClass, "Module") is { } root
            ? root
            : throw new BackendException(ErrorCode.InvalidArgument, $"the model's class {RootModule}.{RootClass} is not in the code of its archive; save the model anew");

    /// <summary>What reads the types in its code.</summary>
    public TypeReader MakeTypeReader() => new(FindTuple);

    private IReadOnlyList<(string Name, string Type)>? FindTuple(string fullName)
    {
        var dot = fullName.LastIndexOf('.');
        return dot > 0 && Code.TryGetValue(FileOf(fullName[..dot]), out var code) ? TorchClass.Find(code, fullName[(dot + 1)..], "NamedTuple")?.Fields : null;
    }

    private string FileOf(string module) => $"{Folder}code/{module.Replace('.', '/')}.py";
}
