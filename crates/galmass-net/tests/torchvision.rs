//! The networks against torchvision's, by the numbers that `fixtures/make_torchvision.py` stored.

use std::collections::BTreeMap;

use burn::backend::Autodiff;
use burn::module::{AutodiffModule, Module, ModuleVisitor, Param};
use burn::optim::{AdamWConfig, GradientsParams, Optimizer};
use burn::tensor::backend::{AutodiffBackend, Backend};
use burn::tensor::{Tensor, TensorData};
use burn_flex::Flex;
use galmass_net::{
    Backbone, BranchConfig, HeadConfig, MissingConfig, NetError, Network, NetworkConfig, Stem, Weights,
};
use ndarray::Array2;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;

const N_SAMPLES: usize = 4;
const N_PX: usize = 64;
const N_OUTPUTS: usize = 5;

/// PyTorch and we sum in another order.
const FORWARD: f64 = 1e-5;
const TRAINING: f64 = 1e-4;

#[derive(Deserialize)]
struct Fixture {
    resnet18: Evaluated,
    resnet34: Evaluated,
    resnet50: Evaluated,
    step_of_resnet18: Step,
}

#[derive(Deserialize)]
struct Evaluated {
    n_weights: usize,
    n_tensors: usize,
    evaluated: Vec<f64>,
}

/// Tensors as norm and signed sum, or as their first three numbers.
#[derive(Deserialize)]
struct Step {
    outputs: Vec<f64>,
    loss: f64,
    gradients: BTreeMap<String, [f64; 2]>,
    parameters: BTreeMap<String, Vec<f64>>,
    statistics: BTreeMap<String, [f64; 2]>,
    evaluated: Vec<f64>,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("fixtures/torchvision.json")).unwrap()
}

/// `fill` of the script: FNV-1a of the name, SplitMix64 of that and the index.
fn fill(name: &str, n: usize, centre: f64, half_width: f64) -> Vec<f32> {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let value = |index: u64| {
        let mut z = hash.wrapping_add(index).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let u = ((z ^ (z >> 31)) >> 40) as f64 / f64::from(1 << 24);
        (centre + half_width * (2.0 * u - 1.0)) as f32
    };
    (0..n as u64).map(value).collect()
}

fn filled(name: &str, shape: &[usize]) -> Vec<f32> {
    let n = shape.iter().product();
    if let &[n_out, _, height, width] = shape {
        return fill(name, n, 0.0, (6.0 / (n_out * height * width) as f64).sqrt());
    }
    if name == "fc.weight" {
        return fill(name, n, 0.0, (1.0 / shape[1] as f64).sqrt());
    }
    if name.ends_with("running_var") || name.ends_with("weight") {
        return fill(name, n, 1.0, 0.5);
    }
    fill(name, n, 0.0, 0.1)
}

fn config(backbone: Backbone) -> NetworkConfig {
    NetworkConfig {
        branches: vec![BranchConfig { name: "image".into(), n_channels: 3 }],
        backbone,
        width: 64,
        stem: Stem::ResNet,
        n_scalars: 0,
        n_outputs: N_OUTPUTS,
        head: HeadConfig::Point,
        profiles: None,
        missing: None,
    }
}

/// The network with the weights of the script, which come in by torchvision's names.
fn network<B: Backend>(backbone: Backbone) -> Network<B> {
    let mut network = Network::new(&config(backbone), 1, &Default::default()).unwrap();
    let own = Weights::of(&network).unwrap().to_torchvision().unwrap();
    let own = SafeTensors::deserialize(&own).unwrap();
    let tensors: Vec<(&str, Vec<usize>, Dtype, Vec<u8>)> = own
        .iter()
        .map(|(name, tensor)| {
            let bytes = match tensor.dtype() {
                Dtype::F32 => filled(name, tensor.shape()).into_iter().flat_map(f32::to_le_bytes).collect(),
                _ => tensor.data().to_vec(),
            };
            (name, tensor.shape().to_vec(), tensor.dtype(), bytes)
        })
        .collect();
    let views = tensors
        .iter()
        .map(|(name, shape, dtype, bytes)| (*name, TensorView::new(*dtype, shape.clone(), bytes).unwrap()));
    let bytes = safetensors::serialize(views, None).unwrap();
    Weights::from_torchvision(&bytes).unwrap().apply_to(&mut network).unwrap();
    network
}

fn inputs<B: Backend>() -> Vec<Tensor<B, 4>> {
    let shape = [N_SAMPLES, 3, N_PX, N_PX];
    let values = fill("inputs", shape.iter().product(), 0.5, 0.5);
    vec![Tensor::from_data(TensorData::new(values, shape), &Default::default())]
}

fn assert_close(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= tolerance * scale, "{what}: {found}, but PyTorch has {expected}");
    }
}

fn numbers<B: Backend, const D: usize>(tensor: Tensor<B, D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

fn norm_and_projection(values: &[f64]) -> [f64; 2] {
    let signs = fill("signs", values.len(), 0.0, 1.0);
    let signed = values.iter().zip(signs).map(|(value, sign)| if sign < 0.0 { -value } else { *value });
    [values.iter().map(|value| value * value).sum::<f64>().sqrt(), signed.sum()]
}

fn evaluates_as_torchvision(backbone: Backbone, expected: &Evaluated) {
    let network = network::<Flex>(backbone);
    let bytes = Weights::of(&network).unwrap().to_torchvision().unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let of_training = |name: &str| name.contains("running") || name.ends_with("num_batches_tracked");
    let trainable = tensors.iter().filter(|(name, _)| !of_training(name));
    let n_weights: usize = trainable.map(|(_, tensor)| tensor.shape().iter().product::<usize>()).sum();
    let n_tensors = tensors.names().iter().filter(|name| !name.ends_with("num_batches_tracked")).count();
    assert_eq!((n_weights, n_tensors), (expected.n_weights, expected.n_tensors));
    assert_close("outputs", &numbers(network.forward(inputs())), &expected.evaluated, FORWARD);
}

#[test]
fn resnet18_evaluates_as_torchvision_s() {
    evaluates_as_torchvision(Backbone::ResNet18, &fixture().resnet18);
}

#[test]
#[ignore = "takes seconds, and its blocks are those of ResNet-18"]
fn resnet34_evaluates_as_torchvision_s() {
    evaluates_as_torchvision(Backbone::ResNet34, &fixture().resnet34);
}

#[test]
fn resnet50_evaluates_as_torchvision_s() {
    evaluates_as_torchvision(Backbone::ResNet50, &fixture().resnet50);
}

/// Collects gradients under the names of the parameters.
struct Gradients<'a, B: AutodiffBackend> {
    all: &'a B::Gradients,
    path: Vec<String>,
    found: BTreeMap<String, Vec<f64>>,
}

impl<B: AutodiffBackend> ModuleVisitor<B> for Gradients<'_, B> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.into());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<B, D>>) {
        if let Some(gradient) = param.val().grad(self.all) {
            let is_connected = self.path.join(".") == "fc.weight";
            let gradient = if is_connected { gradient.transpose() } else { gradient };
            self.found.insert(self.path.join("."), numbers(gradient));
        }
    }
}

/// Our name of a tensor of torchvision.
fn our_name(name: &str) -> String {
    let name =
        name.replace(".downsample.0.", ".downsample.conv.").replace(".downsample.1.", ".downsample.bn.");
    if name.starts_with("fc.") {
        return name;
    }
    let is_normalisation = name.contains("bn");
    let name =
        if is_normalisation { name.replace(".weight", ".gamma").replace(".bias", ".beta") } else { name };
    format!("branches.0.{name}")
}

#[test]
fn a_training_step_of_resnet18_is_that_of_pytorch() {
    type B = Autodiff<Flex>;
    let expected = fixture().step_of_resnet18;
    let network = network::<B>(Backbone::ResNet18);
    let targets =
        Array2::from_shape_vec((N_SAMPLES, N_OUTPUTS), fill("targets", N_SAMPLES * N_OUTPUTS, 0.0, 1.0));
    let outputs = network.forward(inputs());
    assert_close("outputs", &numbers(outputs.clone()), &expected.outputs, TRAINING);
    let loss = network.losses(outputs, targets.unwrap().view()).mean();
    assert_close("loss", &numbers(loss.clone()), &[expected.loss], TRAINING);

    let all = loss.backward();
    let mut gradients = Gradients::<B> { all: &all, path: Vec::new(), found: BTreeMap::new() };
    network.visit(&mut gradients);
    assert_eq!(gradients.found.len(), expected.gradients.len());
    for (name, &expected) in &expected.gradients {
        // Both in units of the norm, which is the larger.
        let found = norm_and_projection(&gradients.found[&our_name(name)]);
        let scale = expected[0];
        assert_close(name, &found.map(|x| x / scale), &expected.map(|x| x / scale), TRAINING);
    }

    let mut adam = AdamWConfig::new().with_epsilon(1e-8).with_weight_decay(0.0).init();
    let gradients = GradientsParams::from_grads(all, &network);
    let network = adam.step(1e-3, network, gradients).valid();
    let bytes = Weights::of(&network).unwrap().to_torchvision().unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let values = |name: &str| -> Vec<f64> {
        let bytes = tensors.tensor(name).unwrap().data();
        bytes.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes).into()).collect()
    };
    for (name, expected) in &expected.parameters {
        for (found, expected) in values(name).iter().zip(expected) {
            // A step is as long as the learning rate, 1e-3.
            assert!((found - expected).abs() < 1e-3 * TRAINING + 1e-7, "{name}: {found} {expected}");
        }
    }
    for (name, expected) in &expected.statistics {
        assert_close(name, &norm_and_projection(&values(name)), expected, TRAINING);
    }
    assert_close("outputs after", &numbers(network.forward(inputs())), &expected.evaluated, TRAINING);
}

#[test]
fn weights_go_to_torchvision_s_names_and_back() {
    let branch = |name: &str, n_channels| BranchConfig { name: name.into(), n_channels };
    let two = NetworkConfig {
        branches: vec![branch("gas", 2), branch("stars", 2)],
        width: 2,
        n_scalars: 1,
        head: HeadConfig::Flow { n_layers: 1, n_hidden: 4, n_components: 2 },
        missing: Some(MissingConfig::default()),
        ..config(Backbone::ResNet50)
    };
    for config in [NetworkConfig { width: 2, ..config(Backbone::ResNet18) }, two] {
        let network = Network::<Flex>::new(&config, 7, &Default::default()).unwrap();
        let weights = Weights::of(&network).unwrap();
        let there = weights.to_torchvision().unwrap();
        assert_eq!(Weights::from_torchvision(&there).unwrap(), weights);
    }
    let bytes =
        Weights::of(&Network::<Flex>::new(&config(Backbone::ResNet18), 7, &Default::default()).unwrap());
    let bytes = bytes.unwrap().to_torchvision().unwrap();
    let mut other = Network::<Flex>::new(&config(Backbone::ResNet34), 7, &Default::default()).unwrap();
    let weights = Weights::from_torchvision(&bytes).unwrap();
    assert!(matches!(weights.apply_to(&mut other), Err(NetError::WeightsDoNotFit { .. })));
    assert!(Weights::from_torchvision(&bytes[..100]).is_err());
}
